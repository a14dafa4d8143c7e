# Google's machines are known by names that its own network alone answers for. AWS asks for them at the entry point of the
# network's policy (google-network): Cloud DNS makes its address in the subnet, and lets nobody choose it.
locals {
  entry_point = one(data.google_compute_addresses.entry_points.addresses[*].address)
}

data "google_compute_addresses" "entry_points" {
  project = var.project
  region  = var.google_region
  filter  = "purpose = \"DNS_RESOLVER\""

  lifecycle {
    postcondition {
      condition     = length(self.addresses) == 1
      error_message = "Cloud DNS has one entry point in the region, as the project has one subnet there: apply the state `network` first, and see that no other network of the project has a policy."
    }
  }
}

resource "aws_security_group" "resolver" {
  name        = "${var.name}-resolver-outbound"
  description = "Names of Google's machines, from Cloud DNS"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_egress_rule" "resolver" {
  for_each = toset(["tcp", "udp"])

  security_group_id = aws_security_group.resolver.id
  description       = "Cloud DNS by ${each.key}"
  cidr_ipv4         = "${local.entry_point}/32"
  ip_protocol       = each.key
  from_port         = 53
  to_port           = 53
}

resource "aws_route53_resolver_endpoint" "outbound" {
  name               = "${var.name}-to-google"
  direction          = "OUTBOUND"
  protocols          = ["Do53"]
  security_group_ids = [aws_security_group.resolver.id]

  dynamic "ip_address" {
    for_each = slice(var.subnet_ids, 0, 2)

    content {
      subnet_id = ip_address.value
    }
  }
}

resource "aws_route53_resolver_rule" "nodes" {
  name                 = "${var.name}-nodes"
  domain_name          = "c.${var.project}.internal"
  rule_type            = "FORWARD"
  resolver_endpoint_id = aws_route53_resolver_endpoint.outbound.id

  target_ip {
    ip = local.entry_point
  }
}

resource "aws_route53_resolver_rule_association" "nodes" {
  name             = "${var.name}-nodes"
  resolver_rule_id = aws_route53_resolver_rule.nodes.id
  vpc_id           = var.vpc_id
}
