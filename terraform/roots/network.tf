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
    tags = { platform = "ecom", environment = module.values.environment.name, state = "network" }
  }
}

provider "google" {
  project        = module.values.environment.google_project
  region         = module.values.environment.google_region
  default_labels = { platform = "ecom", environment = module.values.environment.name, state = "network" }
}

module "network" {
  source = "../../../stacks/network"

  environment         = module.values.environment
  aws_cidr            = module.values.network.aws_cidr
  google_cidr         = module.values.network.google_cidr
  zones               = module.values.network.zones
  nat_gateways        = module.values.network.nat_gateways
  requests_per_minute = module.values.network.requests_per_minute
}

output "made" {
  description = "What later states build on."
  value       = module.network
}
