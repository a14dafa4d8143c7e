mock_provider "aws" {}
mock_provider "google" {
  mock_data "google_compute_addresses" {
    defaults = {
      addresses = [{
        name          = "dns-forwarding-1"
        address       = "10.110.0.2"
        address_type  = "INTERNAL"
        description   = ""
        prefix_length = 0
        region        = "europe-west3"
        self_link     = ""
        status        = "IN_USE"
      }]
    }
  }
}

variables {
  name          = "ecom-dev"
  vpc_id        = "vpc-1"
  subnet_ids    = ["subnet-a", "subnet-b", "subnet-c"]
  project       = "ecom-dev-example"
  google_region = "europe-west3"
}

run "aws_asks_google_for_the_projects_machines_and_nothing_else" {
  command = plan

  assert {
    condition     = aws_route53_resolver_rule.nodes.rule_type == "FORWARD" && aws_route53_resolver_rule.nodes.domain_name == "c.ecom-dev-example.internal"
    error_message = "The names of this project's machines are forwarded, no others."
  }
  assert {
    condition     = [for target in aws_route53_resolver_rule.nodes.target_ip : target.ip] == ["10.110.0.2"]
    error_message = "They are asked for at the entry point."
  }
  assert {
    condition     = aws_route53_resolver_rule_association.nodes.vpc_id == "vpc-1"
    error_message = "Our network follows the rule."
  }
  assert {
    condition     = aws_route53_resolver_endpoint.outbound.direction == "OUTBOUND" && toset([for address in aws_route53_resolver_endpoint.outbound.ip_address : address.subnet_id]) == toset(["subnet-a", "subnet-b"])
    error_message = "The endpoint is in two private subnets."
  }
}

run "the_endpoint_speaks_to_the_entry_point_alone" {
  command = plan

  assert {
    condition     = toset([for rule in aws_vpc_security_group_egress_rule.resolver : "${rule.ip_protocol} ${rule.cidr_ipv4} ${rule.from_port}-${rule.to_port}"]) == toset(["tcp 10.110.0.2/32 53-53", "udp 10.110.0.2/32 53-53"])
    error_message = "Questions go to port 53 of the entry point, and nothing goes elsewhere."
  }
  assert {
    condition     = aws_route53_resolver_endpoint.outbound.protocols == toset(["Do53"])
    error_message = "Cloud DNS's entry points know no other protocol."
  }
}

run "a_network_without_its_policy_is_told" {
  command = plan

  override_data {
    target = data.google_compute_addresses.entry_points
    values = { addresses = [] }
  }

  expect_failures = [data.google_compute_addresses.entry_points]
}

run "a_project_that_no_name_can_have_is_refused" {
  command = plan

  variables {
    project = "example.com:ecom-dev"
  }

  expect_failures = [var.project]
}
