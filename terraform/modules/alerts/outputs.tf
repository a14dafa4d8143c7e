output "topic_arn" {
  description = "ARN of the topic, for the actions of alarms."
  value       = aws_sns_topic.this.arn
}
