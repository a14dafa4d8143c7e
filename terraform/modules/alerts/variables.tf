variable "name" {
  description = "Name of the topic."
  type        = string
}

variable "kms_key_arn" {
  description = "Key that encrypts messages; CloudWatch must be allowed to use it."
  type        = string
}

variable "emails" {
  description = "Addresses that get a mail for each alarm, after they have confirmed it."
  type        = list(string)
}
