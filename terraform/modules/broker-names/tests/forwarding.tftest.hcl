mock_provider "aws" {}
mock_provider "google" {}

variables {
  name           = "ecom-dev"
  vpc_id         = "vpc-1"
  subnet_ids     = ["subnet-a", "subnet-b", "subnet-c"]
  subnet_cidrs   = ["10.10.64.0/18", "10.10.128.0/18", "10.10.192.0/18"]
  domain         = "ecom-dev.abc123.c4.kafka.eu-central-1.amazonaws.com"
  project        = "ecom-dev-example"
  google_network = "network"
}

run "google_asks_inbound_endpoints_and_not_the_networks_own_resolver" {
  command = plan

  assert {
    condition     = aws_route53_resolver_endpoint.inbound.direction == "INBOUND" && output.addresses == ["10.10.64.10", "10.10.128.10"]
    error_message = "There are two inbound endpoints, in the private subnets."
  }
  assert {
    condition     = toset([for target in google_dns_managed_zone.brokers.forwarding_config[0].target_name_servers : target.ipv4_address]) == toset(output.addresses)
    error_message = "Cloud DNS forwards to just these."
  }
  assert {
    condition     = !contains(output.addresses, "10.10.0.2")
    error_message = "The network's second address answers nobody outside of it."
  }
  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.resolver : rule.cidr_ipv4 == "35.199.192.0/19" && rule.to_port == 53])
    error_message = "Only Cloud DNS asks."
  }
  assert {
    condition     = google_dns_managed_zone.brokers.visibility == "private"
    error_message = "The zone is for our network at Google."
  }
}
