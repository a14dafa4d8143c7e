variable "name" {
  description = "Prefix of names, such as `ecom-dev`."
  type        = string
}

variable "vpc_id" {
  description = "Network in AWS."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets in AWS; the endpoints are in the first two."
  type        = list(string)
}

variable "subnet_cidrs" {
  description = "Their addresses, in the same order."
  type        = list(string)
}

variable "host_number" {
  description = "The endpoints' place in their subnets."
  type        = number
  default     = 10
}

variable "domain" {
  description = "Domain of the brokers' names, without a dot at its end."
  type        = string
}

variable "project" {
  description = "Id of the Google project."
  type        = string
}

variable "google_network" {
  description = "Network at Google whose machines ask."
  type        = string
}
