# Kafka's brokers are known by names of a private zone of Amazon's. Google asks for them at inbound endpoints of Route 53
# in our network: the network's own resolver (its second address) answers nobody outside of it.
locals {
  cloud_dns = "35.199.192.0/19" # where Cloud DNS forwards from
  addresses = [for cidr in slice(var.subnet_cidrs, 0, 2) : cidrhost(cidr, var.host_number)]
}

resource "aws_security_group" "resolver" {
  name        = "${var.name}-resolver"
  description = "Names of the brokers, for Google's Cloud DNS"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "resolver" {
  for_each = toset(["tcp", "udp"])

  security_group_id = aws_security_group.resolver.id
  description       = "Cloud DNS by ${each.key}"
  cidr_ipv4         = local.cloud_dns
  ip_protocol       = each.key
  from_port         = 53
  to_port           = 53
}

resource "aws_route53_resolver_endpoint" "inbound" {
  name               = "${var.name}-google"
  direction          = "INBOUND"
  protocols          = ["Do53"]
  security_group_ids = [aws_security_group.resolver.id]

  dynamic "ip_address" {
    for_each = slice(var.subnet_ids, 0, 2)

    content {
      subnet_id = ip_address.value
      ip        = local.addresses[ip_address.key]
    }
  }
}

resource "google_dns_managed_zone" "brokers" {
  project     = var.project
  name        = "${var.name}-brokers"
  description = "Kafka's brokers in AWS"
  dns_name    = "${var.domain}."
  visibility  = "private"

  private_visibility_config {
    networks {
      network_url = var.google_network
    }
  }

  forwarding_config {
    dynamic "target_name_servers" {
      for_each = local.addresses

      content {
        ipv4_address    = target_name_servers.value
        forwarding_path = "private"
      }
    }
  }

  depends_on = [aws_route53_resolver_endpoint.inbound]
}
