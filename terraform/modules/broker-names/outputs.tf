output "addresses" {
  description = "Addresses of the endpoints."
  value       = [for cidr in slice(var.subnet_cidrs, 0, 2) : cidrhost(cidr, var.host_number)]
}
