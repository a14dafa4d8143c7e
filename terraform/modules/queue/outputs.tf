output "arn" {
  description = "ARN of the queue."
  value       = local.arn
}

output "url" {
  description = "URL of the queue."
  value       = "https://sqs.${var.region}.amazonaws.com/${var.account_id}/${var.name}"
}
