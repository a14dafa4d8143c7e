# Dataproc with Flink on YARN. One master: Flink's high availability is not supported on three. No autoscaling: a Flink
# job's parallelism changes by a savepoint, and a worker that goes takes its subtasks with it.
locals {
  roles = toset(["roles/dataproc.worker", "roles/logging.logWriter", "roles/monitoring.metricWriter"])
  # YARN's containers inherit nothing of their node's environment; aws_credentials.sh writes this file.
  aws_config = "/etc/ecom-aws/config"
}

resource "google_project_iam_member" "nodes" {
  for_each = local.roles

  project = var.project
  role    = each.key
  member  = "serviceAccount:${var.nodes_service_account}"
}

resource "google_storage_bucket" "job" {
  # checkov:skip=CKV_GCP_78: objects are written once; soft deletion keeps them for 7 days

  project                     = var.project
  name                        = "${var.project}-${var.name}-flink"
  location                    = var.region
  force_destroy               = false
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  # Checkpoints are retained by Flink, three of a run; what it no longer names ends here. Releases stay.
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age            = 14
      matches_prefix = ["checkpoints/"]
    }
  }

  soft_delete_policy {
    retention_duration_seconds = 7 * 24 * 3600
  }

  logging {
    log_bucket = google_storage_bucket.access_log.name
  }
}

resource "google_storage_bucket" "access_log" {
  # checkov:skip=CKV_GCP_62: this bucket is itself the access log
  # checkov:skip=CKV_GCP_78: objects of a log are written once

  project                     = var.project
  name                        = "${var.project}-${var.name}-access-log"
  location                    = var.region
  force_destroy               = false
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age = 30
    }
  }
}

resource "google_storage_bucket_iam_member" "nodes" {
  bucket = google_storage_bucket.job.name
  role   = "roles/storage.objectAdmin"
  member = "serviceAccount:${var.nodes_service_account}"
}

resource "google_dataproc_cluster" "this" {
  # checkov:skip=CKV_GCP_91: disks hold what Kafka and the bucket hold too, under Google's own keys

  project                       = var.project
  name                          = var.name
  region                        = var.region
  graceful_decommission_timeout = "120s"

  cluster_config {
    staging_bucket = google_storage_bucket.job.name

    gce_cluster_config {
      zone                   = var.zone
      subnetwork             = var.subnetwork
      internal_ip_only       = true
      service_account        = var.nodes_service_account
      service_account_scopes = ["cloud-platform"]

      shielded_instance_config {
        enable_secure_boot          = true
        enable_vtpm                 = true
        enable_integrity_monitoring = true
      }

      metadata = {
        "block-project-ssh-keys" = "true"
        "aws-role-arn"           = var.aws_role_arn
        "aws-token-audience"     = var.aws_token_audience
        "aws-region"             = var.aws_region
      }
    }

    # Each node gets AWS's configuration with the credential_process, before any job runs on it.
    initialization_action {
      script      = "gs://${google_storage_bucket_object.initialization.bucket}/${google_storage_bucket_object.initialization.name}"
      timeout_sec = 300
    }

    master_config {
      num_instances = 1
      machine_type  = var.master_type

      disk_config {
        boot_disk_type    = "pd-balanced"
        boot_disk_size_gb = 100
      }
    }

    worker_config {
      num_instances = var.workers
      machine_type  = var.worker_type

      disk_config {
        boot_disk_type    = "pd-balanced"
        boot_disk_size_gb = 100
      }
    }

    software_config {
      image_version       = var.image_version
      optional_components = ["FLINK"]

      override_properties = {
        "dataproc:dataproc.logging.stackdriver.enable"                    = "true"
        "dataproc:dataproc.logging.stackdriver.job.yarn.container.enable" = "true"
        "flink:state.checkpoints.num-retained"                            = "3"
        "flink:execution.checkpointing.externalized-checkpoint-retention" = "RETAIN_ON_CANCELLATION"
        "flink:containerized.master.env.AWS_CONFIG_FILE"                  = local.aws_config
        "flink:containerized.taskmanager.env.AWS_CONFIG_FILE"             = local.aws_config
        "flink:taskmanager.numberOfTaskSlots"                             = tostring(var.slots_per_worker)
        "yarn:yarn.nodemanager.vmem-check-enabled"                        = "false"
      }
    }

    endpoint_config {
      enable_http_port_access = true
    }
  }

  depends_on = [google_project_iam_member.nodes, google_storage_bucket_iam_member.nodes]
}

resource "google_storage_bucket_object" "initialization" {
  bucket = google_storage_bucket.job.name
  name   = "initialization/${filesha256("${path.module}/aws_credentials.sh")}.sh"
  source = "${path.module}/aws_credentials.sh"
}

# The job's logs: containers of YARN on these nodes, a month long.
resource "google_logging_project_bucket_config" "flink" {
  project        = var.project
  location       = var.region
  bucket_id      = "${var.name}-flink"
  retention_days = 30
}

resource "google_logging_project_sink" "flink" {
  project                = var.project
  name                   = "${var.name}-flink"
  destination            = "logging.googleapis.com/projects/${var.project}/locations/${var.region}/buckets/${google_logging_project_bucket_config.flink.bucket_id}"
  filter                 = "resource.type=\"cloud_dataproc_cluster\" AND resource.labels.cluster_name=\"${var.name}\""
  unique_writer_identity = true
}
