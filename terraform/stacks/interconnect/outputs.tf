output "google_audience" {
  description = "Audience of the tokens with which pods act at Google."
  value       = module.federation.audience
}
