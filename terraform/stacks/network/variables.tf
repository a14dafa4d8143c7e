variable "environment" {
  description = "Which environment this is, and where: name, AWS account and region, domain, Google project and region."
  type = object({
    name           = string
    aws_account_id = string
    aws_region     = string
    domain         = string
    google_project = string
    google_region  = string
  })

  validation {
    condition     = contains(["dev", "staging", "production"], var.environment.name)
    error_message = "An environment is dev, staging or production."
  }
}

variable "aws_cidr" {
  description = "Addresses of the network in AWS, a /16."
  type        = string
}

variable "google_cidr" {
  description = "Addresses of the subnet at Google."
  type        = string
}

variable "zones" {
  description = "Three availability zones in AWS."
  type        = list(string)
}

variable "nat_gateways" {
  description = "1 or 3 NAT gateways."
  type        = number
}

variable "requests_per_minute" {
  description = "Requests of one address in a minute, above which the firewall refuses them."
  type        = number
}
