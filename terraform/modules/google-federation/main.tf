# Service accounts of our Kubernetes cluster in AWS act as service accounts of Google: no key, and only those named.
locals {
  # Federation shows AWS's cluster as an issuer like any other.
  members = {
    for account, allowed in var.accounts :
    account => "principal://iam.googleapis.com/${google_iam_workload_identity_pool.this.name}/subject/system:serviceaccount:${allowed.namespace}:${account}"
  }
  grants = merge([
    for account, allowed in var.accounts : { for role in allowed.roles : "${account} ${role}" => { account = account, role = role } }
  ]...)
}

resource "google_iam_workload_identity_pool" "this" {
  project                   = var.project
  workload_identity_pool_id = var.name
  display_name              = var.name
  description               = "Pods of the cluster ${var.name} in AWS"
}

resource "google_iam_workload_identity_pool_provider" "this" {
  project                            = var.project
  workload_identity_pool_id          = google_iam_workload_identity_pool.this.workload_identity_pool_id
  workload_identity_pool_provider_id = "eks"
  attribute_mapping                  = { "google.subject" = "assertion.sub" }
  attribute_condition                = "assertion.sub in ${jsonencode([for account, allowed in var.accounts : "system:serviceaccount:${allowed.namespace}:${account}"])}"

  oidc {
    issuer_uri = var.oidc_issuer
  }
}

resource "google_service_account" "this" {
  for_each = var.accounts

  project      = var.project
  account_id   = "${var.name}-${each.key}"
  display_name = "${each.key} of the cluster ${var.name} in AWS"
}

resource "google_service_account_iam_member" "may_act" {
  for_each = local.members

  service_account_id = google_service_account.this[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  member             = each.value
}

resource "google_project_iam_member" "granted" {
  for_each = local.grants

  project = var.project
  role    = each.value.role
  member  = "serviceAccount:${google_service_account.this[each.value.account].email}"
}

resource "google_storage_bucket_iam_member" "granted" {
  for_each = { for account, allowed in var.accounts : account => allowed.bucket if allowed.bucket != null }

  bucket = each.value
  role   = "roles/storage.objectAdmin"
  member = "serviceAccount:${google_service_account.this[each.key].email}"
}

# Whoever sends a job to Dataproc lets it run as the nodes' account.
resource "google_service_account_iam_member" "runs_as_nodes" {
  for_each = { for account, allowed in var.accounts : account => allowed.runs_as if allowed.runs_as != null }

  service_account_id = each.value
  role               = "roles/iam.serviceAccountUser"
  member             = "serviceAccount:${google_service_account.this[each.key].email}"
}
