output "arn" {
  description = "ARN of the role."
  value       = aws_iam_role.this.arn
}

output "trust" {
  description = "Who may take the role, as a document."
  value       = local.trust
}

output "policy" {
  description = "What the role may do, as a document."
  value       = local.policy
}
