variable "name" {
  description = "Name of the queue."
  type        = string
}

variable "failed_name" {
  description = "Name of the queue beside it, of what failed for good."
  type        = string
}

variable "account_id" {
  description = "AWS account of the queues."
  type        = string
}

variable "region" {
  description = "AWS region of the queues."
  type        = string
}

variable "visibility_timeout_seconds" {
  description = "For how long a received message is hidden: longer than the longest work on one."
  type        = number

  validation {
    condition     = var.visibility_timeout_seconds <= 43200
    error_message = "SQS hides a message for 12 hours at most."
  }
}

variable "receives" {
  description = "How often a message is given out before it is put aside."
  type        = number
}

variable "oldest_seconds" {
  description = "Age of the oldest message from which somebody is called."
  type        = number
}

variable "runbook" {
  description = "File below docs/runbooks that the alarms name."
  type        = string
}

variable "alerts_topic_arn" {
  description = "Topic that the alarms go to."
  type        = string
}
