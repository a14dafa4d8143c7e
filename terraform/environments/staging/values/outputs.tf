# Everything in which environments differ.
output "environment" {
  description = "Which environment this is, and where."
  value = {
    name           = "staging"
    aws_account_id = "222222222222"
    aws_region     = "eu-central-1"
    domain         = "staging.shop.example"
    google_project = "ecom-staging-example"
    google_region  = "europe-west3"
  }
}

# As in each state's backend.tf, where Terraform takes no expressions.
output "state_bucket" {
  description = "Bucket of the states."
  value       = "ecom-staging-terraform-state"
}

output "deletion_protection" {
  description = "Whether the clouds refuse to delete what keeps data."
  value       = true
}

output "network" {
  description = "Addresses, zones, NAT, the firewall's bound."
  value = {
    aws_cidr            = "10.20.0.0/16"
    google_cidr         = "10.120.0.0/20"
    zones               = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
    nat_gateways        = 1
    requests_per_minute = 3000
  }
}

output "data" {
  description = "Sizes of what keeps data."
  value = {
    kafka              = { broker_type = "kafka.m7g.large", disk_gb = 100, disk_max_gb = 500 }
    tables             = { max_write_units = 4000, max_read_units = 2000 }
    secrets_generation = 1
    alert_emails       = ["operations@shop.example"]
    postgres = {
      instance_class  = "db.m7g.large"
      disk_gb         = 50
      disk_max_gb     = 200
      multi_az        = true
      backup_days     = 7
      backup_region   = null
      max_connections = 300
    }
  }
}

output "cluster" {
  description = "Sizes of the two clusters, who administers Kubernetes, and from where images are pushed."
  value = {
    image_publisher = null
    flink           = { zone = "europe-west3-a", master_type = "n2-standard-4", worker_type = "n2-standard-4", workers = 2, slots_per_worker = 2 }
    kubernetes = {
      version         = "1.35"
      api_cidrs       = ["203.0.113.0/24"]
      admin_role_arns = ["arn:aws:iam::222222222222:role/ecom-administrators"]
      nodes           = { min = 3, max = 9 }
      node_types      = ["m7i.large"]
      node_disk_gb    = 80
    }
  }
}

output "interconnect" {
  description = "What tells this environment's tunnels from the others'."
  value = {
    inside_octet = 20
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
