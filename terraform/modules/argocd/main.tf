# Argo CD and its one root application; everything else in the cluster comes from Git by way of it. What Git cannot know
# (addresses, ARNs) are annotations of the cluster's secret, which ApplicationSets read.
resource "helm_release" "argocd" {
  name             = "argocd"
  namespace        = var.namespace
  create_namespace = true
  repository       = var.chart_repository
  chart            = "argo-cd"
  version          = var.chart_version
  atomic           = true
  values           = [yamlencode(local.values)]
}

locals {
  values = {
    configs = {
      params = { "server.insecure" = false }
      cm     = { "admin.enabled" = false, "kustomize.buildOptions" = "--load-restrictor LoadRestrictionsNone" }
    }
    dex = { enabled = false }
    # Git has both: k8s/argocd/notifications.yaml, and notifications-secret/.
    notifications = { cm = { create = false }, secret = { create = false } }
  }
  annotations = { for name, value in var.annotations : "${var.prefix}${name}" => value }
}

resource "kubernetes_secret_v1" "cluster" {
  type = "Opaque"

  metadata {
    name        = "in-cluster"
    namespace   = var.namespace
    annotations = local.annotations
    labels = {
      "argocd.argoproj.io/secret-type" = "cluster"
      "environment"                    = var.environment
    }
  }

  data = {
    name   = "in-cluster"
    server = "https://kubernetes.default.svc"
    config = jsonencode({ tlsClientConfig = { insecure = false } })
  }

  depends_on = [helm_release.argocd]
}

# By Helm, as a plain manifest needs its type at plan time, and Argo CD's types come with the release above.
resource "helm_release" "root" {
  name       = "root-application"
  namespace  = var.namespace
  chart      = "${path.module}/root-application"
  atomic     = true
  values     = [yamlencode({ repository = var.git_repository, revision = var.git_revision, path = var.git_path })]
  depends_on = [kubernetes_secret_v1.cluster]
}
