output "addresses" {
  description = "Addresses of the endpoints."
  value       = local.addresses
}
