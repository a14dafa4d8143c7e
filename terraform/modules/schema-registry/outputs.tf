output "schemas" {
  description = "File of each released version, by its schema's name (`raw-event-v1.1`)."
  value       = local.schemas
}
