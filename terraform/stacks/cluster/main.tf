# The two clusters, Kubernetes in AWS and Flink at Google; the registry of images; a role for each service account.
locals {
  name = "ecom-${var.environment.name}"
}

module "eks" {
  source = "../../modules/eks"

  name                       = local.name
  kubernetes_version         = var.kubernetes.version
  subnet_ids                 = var.private_subnet_ids
  services_security_group_id = var.services_security_group_id
  api_cidrs                  = var.kubernetes.api_cidrs
  admin_role_arns            = var.kubernetes.admin_role_arns
  nodes                      = var.kubernetes.nodes
  node_types                 = var.kubernetes.node_types
  node_disk_gb               = var.kubernetes.node_disk_gb
  deletion_protection        = var.deletion_protection
  kms_key_arn                = var.kms_key_arn
}

module "registry" {
  source   = "../../modules/container-registry"
  for_each = toset(["ecom", "ecom-streaming"])

  name        = each.key
  kms_key_arn = var.kms_key_arn
  kept_images = 50
}

# In one environment alone: the others' images are copies of its own (docs/runbooks/deploy-and-roll-back.md).
module "image_publisher" {
  source = "../../modules/image-publisher"
  count  = var.image_publisher == null ? 0 : 1

  name          = "${local.name}-images"
  repository    = var.image_publisher.repository
  branch        = var.image_publisher.branch
  registry_arns = [for name in keys(module.registry) : "arn:aws:ecr:${local.region}:${local.account}:repository/${name}"]
}

module "role" {
  source   = "../../modules/service-role"
  for_each = local.roles

  name              = "${local.name}-${each.key}"
  oidc_provider_arn = module.eks.oidc_provider_arn
  oidc_issuer       = module.eks.oidc_issuer
  namespace         = each.value.namespace
  service_account   = each.key
  statements        = each.value.statements
  unscoped_reads    = each.value.unscoped_reads
}

module "flink" {
  source = "../../modules/flink-cluster"

  project               = var.environment.google_project
  region                = var.environment.google_region
  zone                  = var.flink.zone
  name                  = local.name
  subnetwork            = var.google_subnetwork
  nodes_service_account = var.nodes_service_account.email
  master_type           = var.flink.master_type
  worker_type           = var.flink.worker_type
  workers               = var.flink.workers
  slots_per_worker      = var.flink.slots_per_worker
  aws_role_arn          = var.flink_role_arn
  aws_token_audience    = var.flink_token_audience
  aws_region            = var.environment.aws_region
}
