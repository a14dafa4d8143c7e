output "arn" {
  description = "ARN of the role, which GitHub's variable IMAGE_ROLE_ARN is."
  value       = aws_iam_role.this.arn
}
