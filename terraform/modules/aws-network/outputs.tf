output "vpc_id" {
  description = "Id of the network."
  value       = aws_vpc.this.id
}

output "private_subnet_ids" {
  description = "One subnet a zone, for everything else."
  value       = [for zone in var.zones : aws_subnet.private[zone].id]
}

output "private_route_table_ids" {
  description = "Route tables of the private subnets, into which the VPN announces Google's addresses."
  value       = [for zone in var.zones : aws_route_table.private[zone].id]
}

output "services_security_group_id" {
  description = "Group that clients of the data stores wear."
  value       = aws_security_group.services.id
}

output "private_subnet_cidrs" {
  description = "Addresses of the private subnets, in the same order."
  value       = [for zone in var.zones : aws_subnet.private[zone].cidr_block]
}
