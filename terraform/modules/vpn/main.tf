# HA VPN: a gateway with two addresses at Google, two connections of two tunnels each in AWS, four BGP sessions. Any one tunnel may go.
locals {
  asn     = { google = 64514, aws = 64512 }
  sides   = { "0" = 0, "1" = 1 }
  tunnels = { for tunnel in setproduct(["0", "1"], ["1", "2"]) : "${tunnel[0]}-${tunnel[1]}" => { side = tunnel[0], number = tunnel[1] } }

  # Inside addresses: a /30 of link-local for each tunnel. AWS takes the first of two, the customer the second.
  inside = { for index, key in ["0-1", "0-2", "1-1", "1-2"] : key => cidrsubnet("169.254.${var.inside_octet}.0/28", 2, index) }
  # From these addresses Cloud DNS forwards questions; AWS must know the way back.
  cloud_dns = "35.199.192.0/19"
}

resource "aws_vpn_gateway" "this" {
  vpc_id          = var.vpc_id
  amazon_side_asn = local.asn.aws
  tags            = { Name = "${var.name}-google" }
}

resource "aws_vpn_gateway_route_propagation" "private" {
  count = length(var.route_table_ids)

  vpn_gateway_id = aws_vpn_gateway.this.id
  route_table_id = var.route_table_ids[count.index]
}

resource "aws_customer_gateway" "this" {
  for_each = local.sides

  type       = "ipsec.1"
  bgp_asn    = local.asn.google
  ip_address = var.google_gateway.addresses[each.value]
  tags       = { Name = "${var.name}-google-${each.key}" }
}

resource "random_password" "tunnel" {
  for_each = local.tunnels

  length  = 48
  special = false
  # AWS refuses keys that begin with a zero.
  keepers = { generation = var.keys_generation }
}

resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_338: personal data (addresses of clients) is kept for 30 days, as docs say, not for a year

  name              = "/${var.name}/vpn"
  retention_in_days = 30
  kms_key_id        = var.kms_key_arn
}

resource "aws_vpn_connection" "this" {
  for_each = local.sides

  type                = "ipsec.1"
  vpn_gateway_id      = aws_vpn_gateway.this.id
  customer_gateway_id = aws_customer_gateway.this[each.key].id
  static_routes_only  = false

  tunnel1_inside_cidr                  = local.inside["${each.key}-1"]
  tunnel1_preshared_key                = "k${random_password.tunnel["${each.key}-1"].result}"
  tunnel1_ike_versions                 = ["ikev2"]
  tunnel1_phase1_encryption_algorithms = ["AES256-GCM-16"]
  tunnel1_phase2_encryption_algorithms = ["AES256-GCM-16"]
  tunnel1_phase1_dh_group_numbers      = [20]
  tunnel1_phase2_dh_group_numbers      = [20]
  tunnel1_phase1_integrity_algorithms  = ["SHA2-384"]
  tunnel1_phase2_integrity_algorithms  = ["SHA2-384"]

  tunnel2_inside_cidr                  = local.inside["${each.key}-2"]
  tunnel2_preshared_key                = "k${random_password.tunnel["${each.key}-2"].result}"
  tunnel2_ike_versions                 = ["ikev2"]
  tunnel2_phase1_encryption_algorithms = ["AES256-GCM-16"]
  tunnel2_phase2_encryption_algorithms = ["AES256-GCM-16"]
  tunnel2_phase1_dh_group_numbers      = [20]
  tunnel2_phase2_dh_group_numbers      = [20]
  tunnel2_phase1_integrity_algorithms  = ["SHA2-384"]
  tunnel2_phase2_integrity_algorithms  = ["SHA2-384"]

  tunnel1_log_options {
    cloudwatch_log_options {
      log_enabled   = true
      log_group_arn = aws_cloudwatch_log_group.this.arn
    }
  }

  tunnel2_log_options {
    cloudwatch_log_options {
      log_enabled   = true
      log_group_arn = aws_cloudwatch_log_group.this.arn
    }
  }

  tags = { Name = "${var.name}-google-${each.key}" }
}

resource "google_compute_external_vpn_gateway" "aws" {
  project         = var.project
  name            = "${var.name}-aws"
  redundancy_type = "FOUR_IPS_REDUNDANCY"

  dynamic "interface" {
    for_each = [
      aws_vpn_connection.this["0"].tunnel1_address, aws_vpn_connection.this["0"].tunnel2_address,
      aws_vpn_connection.this["1"].tunnel1_address, aws_vpn_connection.this["1"].tunnel2_address,
    ]

    content {
      id         = interface.key
      ip_address = interface.value
    }
  }
}

resource "google_compute_router" "this" {
  project = var.project
  name    = "${var.name}-aws"
  region  = var.google_region
  network = var.google_network

  bgp {
    asn               = local.asn.google
    advertise_mode    = "CUSTOM"
    advertised_groups = ["ALL_SUBNETS"]

    advertised_ip_ranges {
      range       = local.cloud_dns
      description = "Cloud DNS, where it forwards from"
    }
  }
}

resource "google_compute_vpn_tunnel" "this" {
  for_each = local.tunnels

  project                         = var.project
  name                            = "${var.name}-aws-${each.key}"
  region                          = var.google_region
  vpn_gateway                     = var.google_gateway.id
  vpn_gateway_interface           = tonumber(each.value.side)
  peer_external_gateway           = google_compute_external_vpn_gateway.aws.id
  peer_external_gateway_interface = 2 * tonumber(each.value.side) + tonumber(each.value.number) - 1
  shared_secret_wo                = "k${random_password.tunnel[each.key].result}"
  shared_secret_wo_version        = tostring(var.keys_generation)
  ike_version                     = 2
  router                          = google_compute_router.this.id
}

resource "google_compute_router_interface" "this" {
  for_each = local.tunnels

  project    = var.project
  name       = "${var.name}-aws-${each.key}"
  region     = var.google_region
  router     = google_compute_router.this.name
  ip_range   = "${cidrhost(local.inside[each.key], 2)}/30"
  vpn_tunnel = google_compute_vpn_tunnel.this[each.key].name
}

resource "google_compute_router_peer" "this" {
  for_each = local.tunnels

  project         = var.project
  name            = "${var.name}-aws-${each.key}"
  region          = var.google_region
  router          = google_compute_router.this.name
  interface       = google_compute_router_interface.this[each.key].name
  ip_address      = cidrhost(local.inside[each.key], 2)
  peer_ip_address = cidrhost(local.inside[each.key], 1)
  peer_asn        = local.asn.aws
}

# Kafka by SCRAM, for the other cloud's subnet and nobody else.
resource "aws_vpc_security_group_ingress_rule" "scram" {
  security_group_id = var.brokers_security_group_id
  description       = "The Flink job on Google Cloud, by SCRAM"
  cidr_ipv4         = var.google_cidr
  ip_protocol       = "tcp"
  from_port         = 9096
  to_port           = 9096
}

resource "aws_cloudwatch_metric_alarm" "down" {
  for_each = local.sides

  alarm_name          = "${var.name}-vpn-${each.key}"
  alarm_description   = "A connection between the clouds has no tunnel left: docs/runbooks/analytics-stand-still.md"
  namespace           = "AWS/VPN"
  metric_name         = "TunnelState"
  dimensions          = { VpnId = aws_vpn_connection.this[each.key].id }
  statistic           = "Maximum"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  period              = 60
  evaluation_periods  = 5
  treat_missing_data  = "breaching"
  alarm_actions       = [var.alerts_topic_arn]
  ok_actions          = [var.alerts_topic_arn]
}
