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
    tags = { platform = "ecom", environment = module.values.environment.name, state = "cluster" }
  }
}

provider "google" {
  project        = module.values.environment.google_project
  region         = module.values.environment.google_region
  default_labels = { platform = "ecom", environment = module.values.environment.name, state = "cluster" }
}

# What the states before this one made.
data "terraform_remote_state" "before" {
  for_each = toset(["network", "data"])

  backend = "s3"
  config  = { bucket = module.values.state_bucket, region = module.values.environment.aws_region, key = "${each.key}.tfstate" }
}

locals {
  network = data.terraform_remote_state.before["network"].outputs.made
  data    = data.terraform_remote_state.before["data"].outputs.made
}

module "cluster" {
  source = "../../../stacks/cluster"

  environment                = module.values.environment
  kubernetes                 = module.values.cluster.kubernetes
  flink                      = module.values.cluster.flink
  image_publisher            = module.values.cluster.image_publisher
  deletion_protection        = module.values.deletion_protection
  kms_key_arn                = local.network.kms_key_arn
  vpc_id                     = local.network.vpc_id
  private_subnet_ids         = local.network.private_subnet_ids
  services_security_group_id = local.network.services_security_group_id
  zone_id                    = local.network.zone_id
  waf_arn                    = local.network.waf_arn
  google_subnetwork          = local.network.google_subnetwork
  nodes_service_account      = local.network.nodes_service_account
  kafka                      = local.data.kafka
  table_arns                 = local.data.table_arns
  bucket_names               = local.data.bucket_names
  task_queue_arns            = local.data.task_queue_arns
  secret_arns                = local.data.secret_arns
  postgres_admin_secret_arn  = local.data.postgres_admin_secret_arn
  flink_role_arn             = local.data.flink_role_arn
  flink_token_audience       = local.data.flink_token_audience
}

output "made" {
  description = "What later states build on."
  value       = module.cluster
}
