mock_provider "aws" {}

variables {
  name         = "ecom-dev"
  account_id   = "111111111111"
  region       = "eu-central-1"
  cidr         = "10.10.0.0/16"
  zones        = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  nat_gateways = 1
  kms_key_arn  = "arn:aws:kms:eu-central-1:111111111111:key/1"
}

run "three_zones_of_private_subnets" {
  command = plan

  assert {
    condition     = [for zone in var.zones : aws_subnet.private[zone].cidr_block] == ["10.10.64.0/18", "10.10.128.0/18", "10.10.192.0/18"]
    error_message = "Each zone's private subnet is a quarter of the network."
  }
  assert {
    condition     = length(distinct(concat([for subnet in aws_subnet.private : subnet.cidr_block], [for subnet in aws_subnet.public : subnet.cidr_block]))) == 6
    error_message = "No two subnets share addresses."
  }
  assert {
    condition     = alltrue([for subnet in concat(values(aws_subnet.public), values(aws_subnet.private)) : subnet.map_public_ip_on_launch != true])
    error_message = "Nothing gets a public address by itself."
  }
  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(aws_route.through_nat) == 3
    error_message = "With one NAT gateway all three zones go through it."
  }
}

run "what_is_often_called_stays_inside" {
  command = plan

  assert {
    condition = toset(concat([for endpoint in aws_vpc_endpoint.gateway : endpoint.service_name], [for endpoint in aws_vpc_endpoint.interface : endpoint.service_name])) == toset([
      "com.amazonaws.eu-central-1.s3", "com.amazonaws.eu-central-1.dynamodb", "com.amazonaws.eu-central-1.ecr.api",
      "com.amazonaws.eu-central-1.ecr.dkr", "com.amazonaws.eu-central-1.sts",
    ])
    error_message = "S3, DynamoDB, ECR and STS have endpoints."
  }
  assert {
    condition     = toset([for rule in aws_vpc_security_group_ingress_rule.endpoints : rule.cidr_ipv4]) == toset([for subnet in aws_subnet.private : subnet.cidr_block])
    error_message = "The endpoints answer the private subnets alone."
  }
}

run "the_default_group_is_closed" {
  command = plan

  assert {
    condition     = length(aws_default_security_group.closed.ingress) == 0 && length(aws_default_security_group.closed.egress) == 0
    error_message = "What names no group speaks to nobody."
  }
}

run "two_zones_are_refused" {
  command = plan

  variables {
    zones = ["eu-central-1a", "eu-central-1b"]
  }

  expect_failures = [var.zones]
}
