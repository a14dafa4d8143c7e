variable "name" {
  description = "Name of the server, such as `ecom-dev`."
  type        = string
}

variable "account_id" {
  description = "AWS account."
  type        = string
}

variable "engine_version" {
  description = "Major version of PostgreSQL."
  type        = string
  default     = "18"
}

variable "instance_class" {
  description = "Size of the server."
  type        = string
}

variable "disk_gb" {
  description = "Disk at first, in GiB."
  type        = number
}

variable "disk_max_gb" {
  description = "Size to which the disk may grow by itself, in GiB."
  type        = number
}

variable "multi_az" {
  description = "Whether a second server in another zone takes over within two minutes."
  type        = bool
}

variable "backup_days" {
  description = "Days to whose every second the server can be restored."
  type        = number

  validation {
    condition     = var.backup_days >= 1 && var.backup_days <= 35
    error_message = "Backups are kept for 1 to 35 days; without any there is no restore."
  }
}

variable "backup_region" {
  description = "Second region that gets the backups; null: none."
  type        = string
  default     = null
}

variable "deletion_protection" {
  description = "Whether AWS refuses to delete the server; then a last snapshot is kept too."
  type        = bool
}

variable "max_connections" {
  description = "Connections from which somebody is called."
  type        = number
}

variable "vpc_id" {
  description = "Network of the server."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets in different zones."
  type        = list(string)
}

variable "clients_security_group_id" {
  description = "Group that the services wear."
  type        = string
}

variable "kms_key_arn" {
  description = "Key that encrypts disk, backups and the server's own password."
  type        = string
}

variable "alerts_topic_arn" {
  description = "Topic that the alarms go to."
  type        = string
}
