output "registry_arn" {
  description = "ARN of the registry."
  value       = aws_glue_registry.this.arn
}

output "schemas" {
  description = "File of the newest version of each schema, by the schema's name."
  value       = local.newest
}
