output "annotations" {
  description = "Annotations of the cluster's secret, by full name."
  value       = local.annotations
}
