variable "name" {
  description = "Prefix of every name, such as `ecom-dev`."
  type        = string
}

variable "account_id" {
  description = "AWS account of the flow logs."
  type        = string
}

variable "region" {
  description = "AWS region."
  type        = string
}

variable "cidr" {
  description = "Addresses of the network: a /16, of which each zone's private subnet gets a quarter."
  type        = string

  validation {
    condition     = can(cidrnetmask(var.cidr)) && endswith(var.cidr, "/16")
    error_message = "The network is a /16, such as 10.10.0.0/16."
  }
}

variable "zones" {
  description = "Three availability zones of the region."
  type        = list(string)

  validation {
    condition     = length(distinct(var.zones)) == 3
    error_message = "Kafka and PostgreSQL need three different zones."
  }
}

variable "nat_gateways" {
  description = "1 (cheap: its zone's failure cuts off all) or 3 (one for each zone)."
  type        = number

  validation {
    condition     = contains([1, 3], var.nat_gateways)
    error_message = "There is one NAT gateway, or one in each of the three zones."
  }
}

variable "kms_key_arn" {
  description = "Key that encrypts the flow logs."
  type        = string
}

variable "log_retention_days" {
  description = "Days that refused connections are remembered."
  type        = number
  default     = 30
}
