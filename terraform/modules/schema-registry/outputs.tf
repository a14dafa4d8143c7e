output "schemas" {
  description = "File of the newest version of each schema, by the schema's name."
  value       = local.newest
}
