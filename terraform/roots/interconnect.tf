terraform {
  required_version = "~> 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.34, < 7"
    }
    google = {
      source  = "hashicorp/google"
      version = "~> 7.0"
    }
  }
}

module "values" {
  source = "../values"
}

provider "aws" {
  region              = module.values.environment.aws_region
  allowed_account_ids = [module.values.environment.aws_account_id]

  default_tags {
    tags = { platform = "ecom", environment = module.values.environment.name, state = "interconnect" }
  }
}

provider "google" {
  project        = module.values.environment.google_project
  region         = module.values.environment.google_region
  default_labels = { platform = "ecom", environment = module.values.environment.name, state = "interconnect" }
}

# What the states before this one made.
data "terraform_remote_state" "before" {
  for_each = toset(["network", "data", "cluster"])

  backend = "s3"
  config  = { bucket = module.values.state_bucket, region = module.values.environment.aws_region, key = "${each.key}.tfstate" }
}

locals {
  network = data.terraform_remote_state.before["network"].outputs.made
  data    = data.terraform_remote_state.before["data"].outputs.made
  cluster = data.terraform_remote_state.before["cluster"].outputs.made
}

module "interconnect" {
  source = "../../../stacks/interconnect"

  environment             = module.values.environment
  inside_octet            = module.values.interconnect.inside_octet
  aws_cidr                = local.network.aws_cidr
  google_cidr             = local.network.google_cidr
  vpc_id                  = local.network.vpc_id
  private_subnet_ids      = local.network.private_subnet_ids
  private_subnet_cidrs    = local.network.private_subnet_cidrs
  private_route_table_ids = local.network.private_route_table_ids
  google_network          = local.network.google_network
  google_vpn_gateway      = local.network.google_vpn_gateway
  nodes_service_account   = local.network.nodes_service_account
  kms_key_arn             = local.network.kms_key_arn
  kafka                   = local.data.kafka
  alerts_topic_arn        = local.data.alerts_topic_arn
  oidc_issuer             = local.cluster.oidc_issuer
  flink_bucket            = local.cluster.flink_bucket
}

output "made" {
  description = "What later states build on."
  value       = module.interconnect
}
