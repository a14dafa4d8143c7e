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
    tags = { platform = "ecom", environment = module.values.environment.name, state = "data" }
  }
}

provider "google" {
  project        = module.values.environment.google_project
  region         = module.values.environment.google_region
  default_labels = { platform = "ecom", environment = module.values.environment.name, state = "data" }
}

# What the states before this one made.
data "terraform_remote_state" "before" {
  for_each = toset(["network"])

  backend = "s3"
  config  = { bucket = module.values.state_bucket, region = module.values.environment.aws_region, key = "${each.key}.tfstate" }
}

locals {
  network = data.terraform_remote_state.before["network"].outputs.made
}

variable "mail_url" {
  description = "smtps://user:password@host:port, by TF_VAR_mail_url where secrets are written; without it they name no server, and no mail goes out. In no state."
  type        = string
  sensitive   = true
  ephemeral   = true
  default     = "smtp://mail.invalid:587"
}

module "data" {
  source = "../../../stacks/data"

  environment                = module.values.environment
  kafka                      = module.values.data.kafka
  postgres                   = module.values.data.postgres
  tables                     = module.values.data.tables
  deletion_protection        = module.values.deletion_protection
  secrets_generation         = module.values.data.secrets_generation
  alert_emails               = module.values.data.alert_emails
  mail_url                   = var.mail_url
  schemas_directory          = "${path.root}/../../../../ecom/contracts/schemas"
  import_package             = "${path.root}/../../../../.local/lambda/product_bulk_import_lambda.zip"
  kms_key_arn                = local.network.kms_key_arn
  vpc_id                     = local.network.vpc_id
  private_subnet_ids         = local.network.private_subnet_ids
  services_security_group_id = local.network.services_security_group_id
  nodes_service_account      = local.network.nodes_service_account
}

output "made" {
  description = "What later states build on."
  value       = module.data
}
