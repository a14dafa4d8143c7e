variable "name" {
  description = "Name of the firewall, such as `ecom-dev`."
  type        = string
}

variable "requests_per_minute" {
  description = "Requests of one address in a minute, above which it gets 429."
  type        = number

  validation {
    condition     = var.requests_per_minute >= 10
    error_message = "AWS takes limits from 10 requests."
  }
}

variable "kms_key_arn" {
  description = "Key that encrypts the log."
  type        = string
}
