output "arn" {
  description = "ARN of the role."
  value       = aws_iam_role.this.arn
}

output "policy" {
  description = "What the role may do, as a document."
  value       = local.policy
}
