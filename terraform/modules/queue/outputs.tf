output "name" {
  description = "Name of the queue."
  value       = aws_sqs_queue.this.name
}

output "arn" {
  description = "ARN of the queue."
  value       = local.arn
}

output "url" {
  description = "URL of the queue."
  value       = "https://sqs.${var.region}.amazonaws.com/${var.account_id}/${var.name}"
}

output "failed_arn" {
  description = "ARN of the queue of what failed for good."
  value       = local.failed_arn
}
