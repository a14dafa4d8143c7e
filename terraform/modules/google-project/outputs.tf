output "nodes_service_account" {
  description = "Address, full name and unique id of the account of the Flink cluster's nodes."
  value = {
    email     = google_service_account.nodes.email
    name      = google_service_account.nodes.name
    unique_id = google_service_account.nodes.unique_id
  }
}
