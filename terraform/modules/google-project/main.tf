# The services of a Google project that the platform uses. They stay on when the platform goes: others may need them.
resource "google_project_service" "this" {
  for_each = toset([
    "compute.googleapis.com", "dataproc.googleapis.com", "dns.googleapis.com", "iam.googleapis.com",
    "iamcredentials.googleapis.com", "logging.googleapis.com", "secretmanager.googleapis.com", "storage.googleapis.com",
    "sts.googleapis.com",
  ])

  project            = var.project
  service            = each.key
  disable_on_destroy = false
}

# The Flink cluster's nodes are this account: the firewall, the bucket and AWS know them by it.
resource "google_service_account" "nodes" {
  project      = var.project
  account_id   = "${var.name}-flink"
  display_name = "Nodes of the Flink cluster ${var.name}"
  depends_on   = [google_project_service.this]
}
