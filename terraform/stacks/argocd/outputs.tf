output "annotations" {
  description = "Annotations of the cluster's secret."
  value       = module.argocd.annotations
}
