# Everything in which environments differ.
output "environment" {
  description = "Which environment this is, and where."
  value = {
    name           = "production"
    aws_account_id = "333333333333"
    aws_region     = "eu-central-1"
    domain         = "shop.example"
    google_project = "ecom-production-example"
    google_region  = "europe-west3"
  }
}

# As in each state's backend.tf, where Terraform takes no expressions.
output "state_bucket" {
  description = "Bucket of the states."
  value       = "ecom-production-terraform-state"
}

output "deletion_protection" {
  description = "Whether the clouds refuse to delete what keeps data."
  value       = true
}

output "network" {
  description = "Addresses, zones, NAT, the firewall's bound."
  value = {
    aws_cidr            = "10.30.0.0/16"
    google_cidr         = "10.130.0.0/20"
    zones               = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
    nat_gateways        = 3
    requests_per_minute = 3000
  }
}

output "data" {
  description = "Sizes of what keeps data."
  value = {
    kafka              = { broker_type = "kafka.m7g.large", disk_gb = 500, disk_max_gb = 2000 }
    tables             = { max_write_units = 40000, max_read_units = 10000 }
    secrets_generation = 1
    alert_emails       = ["operations@shop.example"]
    postgres = {
      instance_class  = "db.r7g.xlarge"
      disk_gb         = 200
      disk_max_gb     = 1000
      multi_az        = true
      backup_days     = 35
      backup_region   = "eu-west-1"
      max_connections = 800
    }
  }
}

output "cluster" {
  description = "Sizes of the two clusters, who administers Kubernetes, and from where images are pushed."
  value = {
    image_publisher = null
    flink           = { zone = "europe-west3-a", master_type = "n2-standard-4", worker_type = "n2-standard-8", workers = 3, slots_per_worker = 4 }
    kubernetes = {
      version         = "1.35"
      api_cidrs       = ["203.0.113.0/24"]
      admin_role_arns = ["arn:aws:iam::333333333333:role/ecom-administrators"]
      nodes           = { min = 6, max = 30 }
      node_types      = ["m7i.xlarge"]
      node_disk_gb    = 100
    }
  }
}

output "interconnect" {
  description = "What tells this environment's tunnels from the others'."
  value = {
    inside_octet = 30
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
