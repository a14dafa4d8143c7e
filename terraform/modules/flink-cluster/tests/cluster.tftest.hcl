mock_provider "google" {}

variables {
  project               = "ecom-dev-example"
  region                = "europe-west3"
  zone                  = "europe-west3-b"
  name                  = "ecom-dev"
  subnetwork            = "subnet"
  nodes_service_account = "ecom-dev-flink@ecom-dev-example.iam.gserviceaccount.com"
  master_type           = "n2-standard-2"
  worker_type           = "n2-standard-2"
  workers               = 2
  slots_per_worker      = 1
  aws_role_arn          = "arn:aws:iam::111111111111:role/ecom-dev-flink"
  aws_token_audience    = "ecom-dev"
  aws_region            = "eu-central-1"
}

run "flink_of_image_3_on_private_nodes" {
  command = plan

  assert {
    condition     = startswith(google_dataproc_cluster.this.cluster_config[0].software_config[0].image_version, "3.0") && google_dataproc_cluster.this.cluster_config[0].software_config[0].optional_components == toset(["FLINK"])
    error_message = "Image 3.0 with Flink."
  }
  assert {
    condition     = google_dataproc_cluster.this.cluster_config[0].gce_cluster_config[0].internal_ip_only
    error_message = "Nodes have private addresses."
  }
  assert {
    condition     = google_dataproc_cluster.this.cluster_config[0].gce_cluster_config[0].zone == "europe-west3-b"
    error_message = "Nodes are where they are looked for."
  }
  assert {
    condition     = length(google_dataproc_cluster.this.cluster_config[0].autoscaling_config) == 0 && google_dataproc_cluster.this.cluster_config[0].master_config[0].num_instances == 1
    error_message = "Workers do not come and go, and there is one master."
  }
}

run "the_job_finds_its_role_of_aws" {
  command = plan

  assert {
    condition = alltrue([
      for kind in ["master", "taskmanager"] :
      google_dataproc_cluster.this.cluster_config[0].software_config[0].override_properties["flink:containerized.${kind}.env.AWS_CONFIG_FILE"] == "/etc/ecom-aws/config"
    ])
    error_message = "Flink's containers are told of the file that aws_credentials.sh writes."
  }
  assert {
    condition     = strcontains(file("${path.module}/aws_credentials.sh"), "directory=$root/etc/ecom-aws\n")
    error_message = "The file is where it is said to be."
  }
}

run "checkpoints_are_private" {
  command = plan

  assert {
    condition     = google_storage_bucket.job.uniform_bucket_level_access && google_storage_bucket.job.public_access_prevention == "enforced" && google_storage_bucket.access_log.public_access_prevention == "enforced"
    error_message = "The buckets cannot be made public."
  }
  assert {
    condition     = google_storage_bucket_iam_member.nodes.role == "roles/storage.objectAdmin"
    error_message = "The nodes write objects and do not administer the bucket."
  }
  assert {
    condition     = !anytrue([for member in google_project_iam_member.nodes : contains(["roles/editor", "roles/owner"], member.role)])
    error_message = "The nodes' account administers nothing."
  }
}

run "a_zone_of_another_region_is_refused" {
  command = plan

  variables {
    zone = "europe-west4-a"
  }

  expect_failures = [var.zone]
}
