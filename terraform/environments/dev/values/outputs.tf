# Everything in which environments differ.
output "environment" {
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
  value = "ecom-dev-terraform-state"
}

output "deletion_protection" {
  value = false
}

output "network" {
  value = {
    aws_cidr            = "10.10.0.0/16"
    google_cidr         = "10.110.0.0/20"
    zones               = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
    nat_gateways        = 1
    requests_per_minute = 3000
  }
}

output "data" {
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
  value = {
    flink = { master_type = "n2-standard-2", worker_type = "n2-standard-2", workers = 2, slots_per_worker = 1 }
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
  value = {
    inside_octet = 10
  }
}

output "argocd" {
  value = {
    chart_version  = "9.1.3"
    git_repository = "https://github.com/example/ecom-platform.git"
    git_revision   = "main"
    git_path       = "k8s/argocd"
  }
}
