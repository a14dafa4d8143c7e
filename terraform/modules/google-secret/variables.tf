variable "project" {
  description = "Id of the Google project."
  type        = string
}

variable "region" {
  description = "Google region in which the value is kept."
  type        = string
}

variable "name" {
  description = "Name of the secret."
  type        = string
}

variable "value" {
  description = "Value of the secret."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "generation" {
  description = "Raised by one, it has the value written anew."
  type        = number
}

variable "reader" {
  description = "Service account that may read it."
  type        = string
}
