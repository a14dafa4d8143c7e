terraform {
  backend "s3" {
    bucket       = "ecom-production-terraform-state"
    key          = "cluster.tfstate"
    region       = "eu-central-1"
    encrypt      = true
    use_lockfile = true
  }
}
