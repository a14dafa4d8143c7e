output "kms_key_arn" {
  description = "The environment's key."
  value       = module.encryption_key.arn
}

output "vpc_id" {
  description = "Network in AWS."
  value       = module.aws_network.vpc_id
}

output "aws_cidr" {
  description = "Its addresses."
  value       = var.aws_cidr
}

output "google_cidr" {
  description = "Addresses of the subnet at Google."
  value       = var.google_cidr
}

output "private_subnet_ids" {
  description = "Private subnets in AWS."
  value       = module.aws_network.private_subnet_ids
}

output "private_subnet_cidrs" {
  description = "Their addresses."
  value       = module.aws_network.private_subnet_cidrs
}

output "private_route_table_ids" {
  description = "Route tables of the private subnets."
  value       = module.aws_network.private_route_table_ids
}

output "services_security_group_id" {
  description = "Group that clients of the data stores wear."
  value       = module.aws_network.services_security_group_id
}

output "zone_id" {
  description = "Hosted zone of the domain."
  value       = module.domain.zone_id
}

output "name_servers" {
  description = "Name servers to which the parent domain must delegate."
  value       = module.domain.name_servers
}

output "certificate_arn" {
  description = "Certificate of the domain."
  value       = module.domain.certificate_arn
}

output "waf_arn" {
  description = "Firewall of the public load balancer."
  value       = module.web_firewall.arn
}

output "google_network" {
  description = "Network at Google."
  value       = module.google_network.network
}

output "google_subnetwork" {
  description = "Subnet at Google."
  value       = module.google_network.subnetwork
}

output "nodes_service_account" {
  description = "Account of the Flink cluster's nodes."
  value       = module.google_project.nodes_service_account
}

output "google_vpn_gateway" {
  description = "Google's end of the tunnels."
  value       = module.google_network.vpn_gateway
}
