variable "kms_key_arn" {
  description = "Key that encrypts the tables."
  type        = string
}

variable "deletion_protection" {
  description = "Whether AWS refuses to delete the tables."
  type        = bool
}

variable "max_write_units" {
  description = "Write units a second at which DynamoDB throttles, for each table: the bound of what a mistake can cost."
  type        = number
}

variable "max_read_units" {
  description = "Read units a second at which DynamoDB throttles, for each table."
  type        = number
}

variable "alerts_topic_arn" {
  description = "Topic that the alarms go to."
  type        = string
}
