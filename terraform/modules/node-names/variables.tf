variable "name" {
  description = "Prefix of names, such as `ecom-dev`."
  type        = string
}

variable "vpc_id" {
  description = "Network in AWS, whose machines ask."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets in AWS that know the way to Google; the endpoints are in the first two."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "An endpoint has addresses in two zones."
  }
}

variable "project" {
  description = "Id of the Google project, which the names have."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "The id of a project is a part of a name: 6 to 30 small letters, digits and hyphens."
  }
}

variable "google_region" {
  description = "Google region of the subnet and of the tunnels."
  type        = string
}
