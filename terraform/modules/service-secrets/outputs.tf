output "arns" {
  description = "ARN of each service's secret."
  value       = { for service, secret in aws_secretsmanager_secret.this : service => secret.arn }
}
