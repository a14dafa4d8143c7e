# Argo CD with its root application, and what Git cannot know, as annotations of the cluster's secret.
module "argocd" {
  source = "../../modules/argocd"

  environment    = var.environment
  chart_version  = var.chart_version
  git_repository = var.git_repository
  git_revision   = var.git_revision
  git_path       = var.git_path
  annotations    = var.annotations
}
