# What lies between the clouds: tunnels, names, and who may act on the other side.
locals {
  name = "ecom-${var.environment.name}"
  # b-1.NAME.x1y2z3.c4.kafka.REGION.amazonaws.com:9096,… -> NAME.x1y2z3.c4.kafka.REGION.amazonaws.com
  brokers_domain = regex("^[^.,]+\\.([^:,]+)", var.kafka.bootstrap_scram)[0]
}

module "vpn" {
  source = "../../modules/vpn"

  name                      = local.name
  vpc_id                    = var.vpc_id
  aws_cidr                  = var.aws_cidr
  google_cidr               = var.google_cidr
  route_table_ids           = var.private_route_table_ids
  brokers_security_group_id = var.kafka.security_group_id
  project                   = var.environment.google_project
  google_region             = var.environment.google_region
  google_network            = var.google_network
  google_gateway            = var.google_vpn_gateway
  inside_octet              = var.inside_octet
  kms_key_arn               = var.kms_key_arn
  alerts_topic_arn          = var.alerts_topic_arn
}

module "broker_names" {
  source = "../../modules/broker-names"

  name           = local.name
  vpc_id         = var.vpc_id
  subnet_ids     = var.private_subnet_ids
  subnet_cidrs   = var.private_subnet_cidrs
  domain         = local.brokers_domain
  project        = var.environment.google_project
  google_network = var.google_network
}

module "node_names" {
  source = "../../modules/node-names"

  name          = local.name
  vpc_id        = var.vpc_id
  subnet_ids    = var.private_subnet_ids
  project       = var.environment.google_project
  google_region = var.environment.google_region
}

module "federation" {
  source = "../../modules/google-federation"

  project     = var.environment.google_project
  name        = local.name
  oidc_issuer = var.oidc_issuer
  accounts = {
    logs       = { namespace = "logging", roles = ["roles/logging.logWriter"] }
    prometheus = { namespace = "monitoring", roles = ["roles/compute.viewer"] } # finds the Flink job's nodes
    flink = {
      namespace = "ecom"
      roles     = ["roles/dataproc.editor"]
      bucket    = var.flink_bucket
      runs_as   = var.nodes_service_account.name
    }
  }
}
