variable "project" {
  description = "Id of the Google project."
  type        = string
}

variable "region" {
  description = "Google region."
  type        = string
}

variable "name" {
  description = "Prefix of names, such as `ecom-dev`."
  type        = string
}

variable "cidr" {
  description = "Addresses of the subnet; they may not overlap those in AWS."
  type        = string

  validation {
    condition     = can(cidrnetmask(var.cidr))
    error_message = "Addresses look like 10.110.0.0/20."
  }
}

variable "aws_cidr" {
  description = "Addresses of the network in AWS."
  type        = string
}

variable "nodes_service_account" {
  description = "Service account of the Flink cluster's nodes, to which the firewall's rules apply."
  type        = string
}
