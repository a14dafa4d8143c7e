terraform {
  backend "s3" {
    bucket       = "ecom-staging-terraform-state"
    key          = "cluster.tfstate"
    region       = "eu-central-1"
    encrypt      = true
    use_lockfile = true
  }
}
