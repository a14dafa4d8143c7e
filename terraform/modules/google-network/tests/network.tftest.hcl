mock_provider "google" {}

variables {
  project               = "ecom-dev-example"
  region                = "europe-west3"
  name                  = "ecom-dev"
  cidr                  = "10.110.0.0/20"
  aws_cidr              = "10.10.0.0/16"
  nodes_service_account = "ecom-dev-flink@ecom-dev-example.iam.gserviceaccount.com"
}

run "nobody_outside_reaches_the_nodes" {
  command = plan

  assert {
    condition     = google_compute_firewall.from_aws.source_ranges == toset(["10.10.0.0/16"]) && google_compute_firewall.among_nodes.source_service_accounts == toset([var.nodes_service_account])
    error_message = "The nodes themselves and the network in AWS are let in."
  }
  assert {
    condition     = one(google_compute_firewall.from_aws.allow).ports == tolist(["8081", "8088", "9250-9260"])
    error_message = "From AWS: Flink's REST API, itself and by YARN's proxy, and the metrics."
  }
  assert {
    condition     = google_compute_subnetwork.this.private_ip_google_access
    error_message = "Google's APIs are reached without a public address."
  }
}

run "aws_may_ask_for_the_machines_names" {
  command = plan

  assert {
    condition     = google_dns_policy.this.enable_inbound_forwarding && length(google_dns_policy.this.networks) == 1
    error_message = "Cloud DNS makes an entry point in this network alone."
  }
  assert {
    condition     = length(google_dns_policy.this.alternative_name_server_config) == 0
    error_message = "With other name servers Google's own names would not be answered."
  }
}
