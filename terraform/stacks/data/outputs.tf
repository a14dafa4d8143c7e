output "alerts_topic_arn" {
  description = "Topic that alarms go to."
  value       = module.alerts.topic_arn
}

output "kafka" {
  description = "Kafka: ARN, name, security group, brokers for AWS and for the other cloud."
  value = {
    arn               = module.kafka.arn
    name              = module.kafka.name
    security_group_id = module.kafka.security_group_id
    bootstrap_iam     = module.kafka.bootstrap_iam
    bootstrap_scram   = module.kafka.bootstrap_scram
    scram_secret_arn  = module.kafka.scram_secret_arn
    scram_key_arn     = module.kafka.scram_key_arn
  }
}

output "postgres_host" {
  description = "Host of PostgreSQL."
  value       = module.postgres.address
}

output "postgres_admin_secret_arn" {
  description = "Secret with the server's own password."
  value       = module.postgres.admin_secret_arn
}

output "table_arns" {
  description = "DynamoDB's tables, by name."
  value       = module.analytics_tables.arns
}

output "bucket_names" {
  description = "Buckets, by what they are for."
  value       = { for key, bucket in module.bucket : key => bucket.name }
}

output "task_queue_arns" {
  description = "Celery's queues, by context."
  value       = { for context, queue in module.task_queue : context => queue.arn }
}

output "secret_arns" {
  description = "Secrets, by service."
  value       = module.service_secrets.arns
}

output "flink_role_arn" {
  description = "Role that the Flink cluster's nodes take."
  value       = module.flink_role.arn
}

output "flink_token_audience" {
  description = "Audience for which they get their tokens."
  value       = local.name
}
