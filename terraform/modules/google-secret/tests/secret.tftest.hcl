mock_provider "google" {}

variables {
  project    = "ecom-dev-example"
  region     = "europe-west3"
  name       = "ecom-dev-kafka"
  value      = "secret"
  generation = 1
  reader     = "ecom-dev-flink@ecom-dev-example.iam.gserviceaccount.com"
}

run "one_reader_one_region_and_no_state" {
  command = plan

  assert {
    condition     = google_secret_manager_secret_version.this.secret_data == null && google_secret_manager_secret_version.this.secret_data_wo_version == 1
    error_message = "The value is written, and not kept."
  }
  assert {
    condition     = google_secret_manager_secret_iam_member.reader.member == "serviceAccount:${var.reader}" && google_secret_manager_secret_iam_member.reader.role == "roles/secretmanager.secretAccessor"
    error_message = "One account reads it."
  }
}
