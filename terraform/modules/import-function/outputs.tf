output "function_name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}

output "queue_arn" {
  description = "Queue of the notifications."
  value       = module.queue.arn
}

output "role_arn" {
  description = "The function's role."
  value       = aws_iam_role.this.arn
}

output "policy" {
  description = "What that role may do, as a document."
  value       = local.policy
}

output "security_group_id" {
  description = "The function's security group."
  value       = aws_security_group.this.id
}
