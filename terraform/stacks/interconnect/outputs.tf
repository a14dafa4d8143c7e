output "google_audience" {
  description = "Audience of the tokens with which pods act at Google."
  value       = module.federation.audience
}

output "google_service_accounts" {
  description = "Google's accounts, by Kubernetes service account."
  value       = module.federation.emails
}

output "resolver_addresses" {
  description = "Where Google asks for the brokers' names."
  value       = module.broker_names.addresses
}
