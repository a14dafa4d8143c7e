# Networks of both clouds, names and certificate, the firewall before the shop, and the key that encrypts everything.
locals {
  name = "ecom-${var.environment.name}"
}

module "encryption_key" {
  source = "../../modules/encryption-key"

  name        = local.name
  description = "Data of ${local.name}: buckets, tables, databases, topics, secrets, logs"
  account_id  = var.environment.aws_account_id
  region      = var.environment.aws_region
}

module "aws_network" {
  source = "../../modules/aws-network"

  name         = local.name
  account_id   = var.environment.aws_account_id
  region       = var.environment.aws_region
  cidr         = var.aws_cidr
  zones        = var.zones
  nat_gateways = var.nat_gateways
  kms_key_arn  = module.encryption_key.arn
}

module "domain" {
  source = "../../modules/domain"

  domain = var.environment.domain
}

module "web_firewall" {
  source = "../../modules/web-firewall"

  name                = local.name
  requests_per_minute = var.requests_per_minute
  kms_key_arn         = module.encryption_key.arn
}

module "google_project" {
  source = "../../modules/google-project"

  project = var.environment.google_project
  name    = local.name
}

module "google_network" {
  source = "../../modules/google-network"

  project               = var.environment.google_project
  region                = var.environment.google_region
  name                  = local.name
  cidr                  = var.google_cidr
  aws_cidr              = var.aws_cidr
  nodes_service_account = module.google_project.nodes_service_account.email
}
