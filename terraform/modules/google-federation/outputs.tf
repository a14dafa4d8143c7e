output "audience" {
  description = "Audience of the tokens that pods ask Kubernetes for."
  value       = "//iam.googleapis.com/${google_iam_workload_identity_pool_provider.this.name}"
}
