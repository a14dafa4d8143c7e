output "tunnels" {
  description = "Inside addresses of each tunnel."
  value       = local.inside
}
