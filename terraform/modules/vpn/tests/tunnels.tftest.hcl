mock_provider "aws" {}
mock_provider "google" {}
mock_provider "random" {}

variables {
  name                      = "ecom-dev"
  vpc_id                    = "vpc-1"
  aws_cidr                  = "10.10.0.0/16"
  google_cidr               = "10.110.0.0/20"
  route_table_ids           = ["rtb-a", "rtb-b", "rtb-c"]
  brokers_security_group_id = "sg-brokers"
  project                   = "ecom-dev-example"
  google_region             = "europe-west3"
  google_network            = "network"
  google_gateway            = { id = "gateway", addresses = ["198.51.100.1", "198.51.100.2"] }
  inside_octet              = 10
  kms_key_arn               = "arn:aws:kms:eu-central-1:111111111111:key/1"
  alerts_topic_arn          = "arn:aws:sns:eu-central-1:111111111111:alerts"
}

run "four_tunnels_with_bgp_and_strong_ciphers" {
  command = plan

  assert {
    condition     = length(google_compute_vpn_tunnel.this) == 4 && length(google_compute_router_peer.this) == 4 && length(aws_vpn_connection.this) == 2
    error_message = "Two connections of two tunnels, each with its session."
  }
  assert {
    condition     = toset([for tunnel in google_compute_vpn_tunnel.this : tunnel.peer_external_gateway_interface]) == toset([0, 1, 2, 3])
    error_message = "Each tunnel has its own end in AWS."
  }
  assert {
    condition     = { for key, peer in google_compute_router_peer.this : key => "${peer.ip_address} ${peer.peer_ip_address}" } == { "0-1" = "169.254.10.2 169.254.10.1", "0-2" = "169.254.10.6 169.254.10.5", "1-1" = "169.254.10.10 169.254.10.9", "1-2" = "169.254.10.14 169.254.10.13" }
    error_message = "Google has the second address of each /30, AWS the first."
  }
  assert {
    condition     = alltrue([for each in aws_vpn_connection.this : !each.static_routes_only && each.tunnel1_ike_versions == toset(["ikev2"]) && each.tunnel2_phase2_encryption_algorithms == toset(["AES256-GCM-16"])])
    error_message = "Routes by BGP, keys by IKEv2, AES-GCM of 256 bits."
  }
  assert {
    condition     = alltrue([for tunnel in google_compute_vpn_tunnel.this : tunnel.shared_secret == null])
    error_message = "Google's provider keeps no shared secret in the state."
  }
}

run "kafka_is_open_to_googles_subnet_by_scram_alone" {
  command = plan

  assert {
    condition     = aws_vpc_security_group_ingress_rule.scram.cidr_ipv4 == "10.110.0.0/20" && aws_vpc_security_group_ingress_rule.scram.from_port == 9096 && aws_vpc_security_group_ingress_rule.scram.to_port == 9096
    error_message = "9096 from the subnet."
  }
  assert {
    condition     = contains([for range in google_compute_router.this.bgp[0].advertised_ip_ranges : range.range], "35.199.192.0/19")
    error_message = "AWS learns the way back to Cloud DNS."
  }
  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.down)) == toset(["0", "1"])
    error_message = "A connection without a tunnel is an alarm."
  }
}

run "overlapping_networks_are_refused" {
  command = plan

  variables {
    google_cidr = "10.10.240.0/20"
  }

  expect_failures = [var.google_cidr]
}
