terraform {
  required_version = "~> 1.11"

  required_providers {
    kubernetes = {
      source  = "hashicorp/kubernetes"
      version = "~> 2.38"
    }
    helm = {
      source  = "hashicorp/helm"
      version = "~> 3.0"
    }
  }
}

module "values" {
  source = "../values"
}

# What the states before this one made.
data "terraform_remote_state" "before" {
  for_each = toset(["network", "data", "cluster", "interconnect"])

  backend = "s3"
  config  = { bucket = module.values.state_bucket, region = module.values.environment.aws_region, key = "${each.key}.tfstate" }
}

locals {
  network      = data.terraform_remote_state.before["network"].outputs.made
  data         = data.terraform_remote_state.before["data"].outputs.made
  cluster      = data.terraform_remote_state.before["cluster"].outputs.made
  interconnect = data.terraform_remote_state.before["interconnect"].outputs.made
}

# Credentials for the cluster are asked for when they are needed, and stored nowhere.
locals {
  token = ["eks", "get-token", "--region", module.values.environment.aws_region, "--cluster-name", local.cluster.name]
}

provider "kubernetes" {
  host                   = local.cluster.endpoint
  cluster_ca_certificate = base64decode(local.cluster.certificate_authority)

  exec {
    api_version = "client.authentication.k8s.io/v1"
    command     = "aws"
    args        = local.token
  }
}

provider "helm" {
  kubernetes = {
    host                   = local.cluster.endpoint
    cluster_ca_certificate = base64decode(local.cluster.certificate_authority)
    exec                   = { api_version = "client.authentication.k8s.io/v1", command = "aws", args = local.token }
  }
}

module "argocd" {
  source = "../../../stacks/argocd"

  environment    = module.values.environment.name
  chart_version  = module.values.argocd.chart_version
  git_repository = module.values.argocd.git_repository
  git_revision   = module.values.argocd.git_revision
  git_path       = module.values.argocd.git_path

  annotations = {
    "environment"         = module.values.environment.name
    "domain"              = module.values.environment.domain
    "git-repository"      = module.values.argocd.git_repository
    "git-revision"        = module.values.argocd.git_revision
    "aws-account-id"      = module.values.environment.aws_account_id
    "aws-region"          = module.values.environment.aws_region
    "image-repository"    = local.cluster.registry_urls["ecom"]
    "msk-bootstrap"       = local.data.kafka.bootstrap_iam
    "msk-bootstrap-scram" = local.data.kafka.bootstrap_scram
    "postgres-host"       = local.data.postgres_host
    "postgres-secret"     = local.data.postgres_admin_secret_arn
    "certificate-arn"     = local.network.certificate_arn
    "vpc-id"              = local.network.vpc_id
    "waf-arn"             = local.network.waf_arn
    "sqs-prefix"          = "https://sqs.${module.values.environment.aws_region}.amazonaws.com/${module.values.environment.aws_account_id}/ecom-"
    "static-bucket"       = local.data.bucket_names["static"]
    "uploads-bucket"      = local.data.bucket_names["product-uploads"]
    "reports-bucket"      = local.data.bucket_names["import-reports"]
    "gcp-project"         = module.values.environment.google_project
    "gcp-region"          = module.values.environment.google_region
    "gcp-zone"            = module.values.cluster.flink.zone
    "gcp-audience"        = local.interconnect.google_audience
    "dataproc-cluster"    = local.cluster.dataproc_cluster
    "flink-bucket"        = local.cluster.flink_bucket
  }
}

output "made" {
  description = "What later states build on."
  value       = module.argocd
}
