variable "name" {
  description = "Prefix of names, such as `ecom-dev`."
  type        = string
}

variable "vpc_id" {
  description = "Network in AWS."
  type        = string
}

variable "aws_cidr" {
  description = "Addresses of the network in AWS."
  type        = string
}

variable "google_cidr" {
  description = "Addresses of the subnet at Google."
  type        = string

  # Two networks overlap where the larger one's prefix holds the smaller one's first address.
  validation {
    condition = (
      cidrhost("${cidrhost(var.aws_cidr, 0)}/${min(tonumber(split("/", var.aws_cidr)[1]), tonumber(split("/", var.google_cidr)[1]))}", 0)
      != cidrhost("${cidrhost(var.google_cidr, 0)}/${min(tonumber(split("/", var.aws_cidr)[1]), tonumber(split("/", var.google_cidr)[1]))}", 0)
    )
    error_message = "The addresses of the two clouds overlap: BGP would announce both."
  }
}

variable "route_table_ids" {
  description = "Route tables in AWS that learn the way to Google."
  type        = list(string)
}

variable "brokers_security_group_id" {
  description = "Security group of Kafka's brokers."
  type        = string
}

variable "project" {
  description = "Id of the Google project."
  type        = string
}

variable "google_region" {
  description = "Google region."
  type        = string
}

variable "google_network" {
  description = "Network at Google."
  type        = string
}

variable "google_gateway" {
  description = "Google's VPN gateway: its id and its two addresses."
  type        = object({ id = string, addresses = list(string) })

  validation {
    condition     = length(var.google_gateway.addresses) == 2
    error_message = "A gateway for high availability has two addresses."
  }
}

variable "inside_octet" {
  description = "Third number of the tunnels' inside addresses 169.254.x.0/28, different for each environment."
  type        = number
}

variable "keys_generation" {
  description = "Raised by one, the tunnels get new keys."
  type        = number
  default     = 1
}

variable "kms_key_arn" {
  description = "Key that encrypts the tunnels' log."
  type        = string
}

variable "alerts_topic_arn" {
  description = "Topic that the alarms go to."
  type        = string
}
