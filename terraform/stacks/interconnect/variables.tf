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

variable "kafka" {
  description = "Kafka, as the state `data` has it."
  type        = object({ security_group_id = string, bootstrap_scram = string })
}

variable "nodes_service_account" {
  description = "Account of the Flink cluster's nodes at Google."
  type        = object({ email = string, name = string, unique_id = string })
}

variable "aws_cidr" {
  description = "Addresses of the network in AWS."
  type        = string
}

variable "google_cidr" {
  description = "Addresses of the subnet at Google."
  type        = string
}

variable "inside_octet" {
  description = "Third number of the tunnels' inside addresses, different for each environment."
  type        = number
}

variable "vpc_id" {
  description = "Network in AWS."
  type        = string
}

variable "private_subnet_ids" {
  description = "Private subnets in AWS."
  type        = list(string)
}

variable "private_subnet_cidrs" {
  description = "Their addresses."
  type        = list(string)
}

variable "private_route_table_ids" {
  description = "Their route tables."
  type        = list(string)
}

variable "google_network" {
  description = "Network at Google."
  type        = string
}

variable "oidc_issuer" {
  description = "The Kubernetes cluster's issuer of tokens."
  type        = string
}

variable "flink_bucket" {
  description = "Bucket of the Flink job."
  type        = string
}

variable "kms_key_arn" {
  description = "The environment's key."
  type        = string
}

variable "alerts_topic_arn" {
  description = "Topic that alarms go to."
  type        = string
}

variable "google_vpn_gateway" {
  description = "Google's end of the tunnels."
  type        = object({ id = string, addresses = list(string) })
}
