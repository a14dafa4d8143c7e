mock_provider "google" {
  mock_resource "google_iam_workload_identity_pool" {
    defaults = { name = "projects/1/locations/global/workloadIdentityPools/ecom-dev" }
  }
}

variables {
  project     = "ecom-dev-example"
  name        = "ecom-dev"
  oidc_issuer = "https://issuer.example/id/1"
  accounts = {
    logs  = { namespace = "logging", roles = ["roles/logging.logWriter"] }
    flink = { namespace = "ecom", roles = ["roles/dataproc.editor"], bucket = "flink", runs_as = "projects/p/serviceAccounts/nodes" }
  }
}

run "named_accounts_of_one_cluster_and_no_keys" {
  command = plan

  assert {
    condition     = google_iam_workload_identity_pool_provider.this.attribute_condition == "assertion.sub in [\"system:serviceaccount:ecom:flink\",\"system:serviceaccount:logging:logs\"]"
    error_message = "Only the named service accounts are taken."
  }
  assert {
    condition     = google_iam_workload_identity_pool_provider.this.oidc[0].issuer_uri == var.oidc_issuer
    error_message = "Of that cluster."
  }
  assert {
    condition     = { for key, grant in google_project_iam_member.granted : key => grant.role } == { "logs roles/logging.logWriter" = "roles/logging.logWriter", "flink roles/dataproc.editor" = "roles/dataproc.editor" }
    error_message = "Roles on the project are those named."
  }
  assert {
    condition     = keys(google_storage_bucket_iam_member.granted) == ["flink"] && keys(google_service_account_iam_member.runs_as_nodes) == ["flink"]
    error_message = "Only the job's command line writes the bucket and lets jobs run as the nodes."
  }
}

run "an_editor_of_the_project_is_refused" {
  command = plan

  variables {
    accounts = { logs = { namespace = "logging", roles = ["roles/editor"] } }
  }

  expect_failures = [var.accounts]
}
