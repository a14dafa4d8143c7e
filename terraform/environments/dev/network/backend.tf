terraform {
  backend "s3" {
    bucket       = "ecom-dev-terraform-state"
    key          = "network.tfstate"
    region       = "eu-central-1"
    encrypt      = true
    use_lockfile = true
  }
}
