output "name" {
  description = "Name of the cluster."
  value       = google_dataproc_cluster.this.name
}

output "bucket" {
  description = "Bucket of checkpoints, releases and staging."
  value       = google_storage_bucket.job.name
}
