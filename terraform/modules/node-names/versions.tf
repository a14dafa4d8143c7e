terraform {
  required_version = "~> 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.34, < 7"
    }
    google = {
      source  = "hashicorp/google"
      version = "~> 7.0"
    }
  }
}
