output "arn" {
  description = "ARN of the cluster."
  value       = aws_msk_cluster.this.arn
}

output "name" {
  description = "Name of the cluster."
  value       = aws_msk_cluster.this.cluster_name
}

output "security_group_id" {
  description = "Security group of the brokers, to which the interconnect adds Google's subnet."
  value       = aws_security_group.brokers.id
}

output "bootstrap_iam" {
  description = "Brokers for clients in AWS."
  value       = aws_msk_cluster.this.bootstrap_brokers_sasl_iam
}

output "bootstrap_scram" {
  description = "Brokers for the job on the other cloud."
  value       = aws_msk_cluster.this.bootstrap_brokers_sasl_scram
}

output "scram_secret_arn" {
  description = "Secret with the job's user and password."
  value       = aws_secretsmanager_secret.scram.arn
}

output "scram_key_arn" {
  description = "Key under which that secret is."
  value       = aws_kms_key.scram.arn
}
