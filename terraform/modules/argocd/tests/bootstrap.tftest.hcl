mock_provider "helm" {}
mock_provider "kubernetes" {}

variables {
  environment    = "dev"
  chart_version  = "9.1.3"
  git_repository = "https://github.com/example/ecom-platform.git"
  git_revision   = "main"
  git_path       = "k8s/argocd"
  annotations    = { aws-region = "eu-central-1" }
}

run "git_gets_what_it_cannot_know_from_the_clusters_secret" {
  command = plan

  assert {
    condition     = kubernetes_secret_v1.cluster.metadata[0].annotations == tomap({ "ecom.shop.example/aws-region" = "eu-central-1" })
    error_message = "Annotations have the prefix."
  }
  assert {
    condition     = kubernetes_secret_v1.cluster.metadata[0].labels == tomap({ "argocd.argoproj.io/secret-type" = "cluster", environment = "dev" })
    error_message = "Argo CD takes the secret for a cluster."
  }
  assert {
    condition     = helm_release.root.chart == "./root-application" && yamldecode(helm_release.root.values[0]).path == "k8s/argocd"
    error_message = "The root application is the only one made here."
  }
}
