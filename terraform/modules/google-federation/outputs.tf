output "audience" {
  description = "Audience of the tokens that pods ask Kubernetes for."
  value       = "//iam.googleapis.com/${google_iam_workload_identity_pool_provider.this.name}"
}

output "emails" {
  description = "Google's service account of each Kubernetes service account."
  value       = { for account, made in google_service_account.this : account => made.email }
}
