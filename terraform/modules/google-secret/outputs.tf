output "id" {
  description = "Id of the secret."
  value       = google_secret_manager_secret.this.id
}
