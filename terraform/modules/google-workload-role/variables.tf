variable "name" {
  description = "Name of the role."
  type        = string
}

variable "region" {
  description = "AWS region of the tables."
  type        = string
}

variable "service_account_unique_id" {
  description = "Unique id of the one service account of Google, a number."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{10,30}$", var.service_account_unique_id))
    error_message = "A service account's unique id is a number, not its address."
  }
}

variable "audience" {
  description = "Audience for which the token must have been made."
  type        = string
}

variable "table_arns" {
  description = "Tables that may be written."
  type        = list(string)
}

variable "kms_key_arn" {
  description = "Key of the tables."
  type        = string
}
