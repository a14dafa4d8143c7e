output "network" {
  description = "Id of the network."
  value       = google_compute_network.this.id
}

output "subnetwork" {
  description = "Id of the subnet."
  value       = google_compute_subnetwork.this.id
}

output "vpn_gateway" {
  description = "Gateway of the tunnels to AWS: its id and its two addresses."
  value = {
    id        = google_compute_ha_vpn_gateway.this.id
    addresses = google_compute_ha_vpn_gateway.this.vpn_interfaces[*].ip_address
  }
}
