variable "name" {
  description = "Prefix of names, such as `ecom-dev`."
  type        = string
}

variable "account_id" {
  description = "AWS account."
  type        = string
}

variable "region" {
  description = "AWS region."
  type        = string
}

variable "function_name" {
  description = "Name of the function."
  type        = string
  default     = "product_bulk_import_lambda"
}

variable "queue_name" {
  description = "Queue of the notifications; `<name>-dlq` is beside it."
  type        = string
  default     = "ecom-product-imports"
}

variable "handler" {
  description = "Entry of the package."
  type        = string
  default     = "serverless.product_bulk_import_lambda.handler.handle"
}

variable "package" {
  description = "Path of the zip that `make lambda` builds."
  type        = string
}

variable "timeout_seconds" {
  description = "Limit of one run; a longer file goes on in the next."
  type        = number
  default     = 900

  validation {
    condition     = var.timeout_seconds <= 900
    error_message = "Lambda ends a function after 900 seconds."
  }
}

variable "memory_mb" {
  description = "Memory of an instance; processors come with it."
  type        = number
  default     = 1769
}

variable "instances" {
  description = "Instances at once, at least 2."
  type        = number
  default     = 2
}

variable "uploads_bucket" {
  description = "Bucket whose new objects are imported."
  type        = string
}

variable "reports_bucket" {
  description = "Bucket of reports and of what a run remembers for the next."
  type        = string
}

variable "gateway_url" {
  description = "Address of the gateway inside the network."
  type        = string
}

variable "secret_name" {
  description = "Secret with `client_id` and `client_secret`."
  type        = string
}

variable "secret_arn" {
  description = "Its ARN, as policies name it."
  type        = string
}

variable "vpc_id" {
  description = "Network of the function."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets of the function."
  type        = list(string)
}

variable "kms_key_arn" {
  description = "Key of the buckets, the secret, the log and the function's variables."
  type        = string
}

variable "alerts_topic_arn" {
  description = "Topic that the alarms go to."
  type        = string
}
