mock_provider "google" {}

variables {
  project = "ecom-dev-example"
  name    = "ecom-dev"
}

run "services_outlive_the_platform" {
  command = plan

  assert {
    condition     = alltrue([for service in google_project_service.this : !service.disable_on_destroy])
    error_message = "Destroying the platform turns nothing off."
  }
  assert {
    condition     = contains(keys(google_project_service.this), "sts.googleapis.com") && google_service_account.nodes.account_id == "ecom-dev-flink"
    error_message = "Federation has its service, the nodes their account."
  }
}
