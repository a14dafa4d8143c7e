variable "name" {
  description = "Name of the bucket, unique among everybody's."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "A bucket's name has 3 to 63 lower-case letters, digits and hyphens."
  }
}

variable "kms_key_arn" {
  description = "Key that encrypts the objects."
  type        = string
}

variable "expire_days" {
  description = "Days until an object ends; null: never."
  type        = number
  default     = null
}

variable "expire_days_below" {
  description = "Days until an object ends whose name begins with a prefix, by prefix; sooner than the others."
  type        = map(number)
  default     = {}
}

variable "noncurrent_days" {
  description = "Days that an overwritten or deleted version is kept."
  type        = number
}
