output "key_set" {
  description = "Key set with this one key, as JSON."
  value       = jsonencode(local.set)
  ephemeral   = true
}
