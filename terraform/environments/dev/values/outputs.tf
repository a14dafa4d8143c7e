# Everything in which environments differ.
output "environment" {
  description = "Which environment this is, and where."
  value = {
    name           = "dev"
    aws_account_id = "111111111111"
    aws_region     = "eu-central-1"
    domain         = "dev.shop.example"
    google_project = "ecom-dev-example"
    google_region  = "europe-west3"
  }
}

# As in each state's backend.tf, where Terraform takes no expressions.
output "state_bucket" {
  description = "Bucket of the states."
  value       = "ecom-dev-terraform-state"
}

output "deletion_protection" {
  description = "Whether the clouds refuse to delete what keeps data."
  value       = false
}

output "network" {
  description = "Addresses, zones, NAT, the firewall's bound."
  value = {
    aws_cidr            = "10.10.0.0/16"
    google_cidr         = "10.110.0.0/20"
    zones               = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
    nat_gateways        = 1
    requests_per_minute = 3000
  }
}

output "data" {
  description = "Sizes of what keeps data."
  value = {
    kafka              = { broker_type = "kafka.t3.small", disk_gb = 50, disk_max_gb = 200 }
    tables             = { max_write_units = 1000, max_read_units = 500 }
    secrets_generation = 1
    alert_emails       = ["operations@shop.example"]
    postgres = {
      instance_class  = "db.t4g.medium"
      disk_gb         = 20
      disk_max_gb     = 100
      multi_az        = false
      backup_days     = 3
      backup_region   = null
      max_connections = 150
    }
  }
}

output "cluster" {
  description = "Sizes of the two clusters, who administers Kubernetes, and from where images are pushed."
  value = {
    image_publisher = { repository = "example/ecom-platform", branch = "main" }
    flink           = { zone = "europe-west3-a", master_type = "n2-standard-2", worker_type = "n2-standard-2", workers = 2, slots_per_worker = 1 }
    kubernetes = {
      version         = "1.35"
      api_cidrs       = ["203.0.113.0/24"]
      admin_role_arns = ["arn:aws:iam::111111111111:role/ecom-administrators"]
      nodes           = { min = 2, max = 5 }
      node_types      = ["t3.large"]
      node_disk_gb    = 50
    }
  }
}

output "interconnect" {
  description = "What tells this environment's tunnels from the others'."
  value = {
    inside_octet = 10
  }
}

output "argocd" {
  description = "Argo CD's chart, and where Git is."
  value = {
    chart_version  = "9.1.3"
    git_repository = "https://github.com/example/ecom-platform.git"
    git_revision   = "main"
    git_path       = "k8s/argocd"
  }
}
