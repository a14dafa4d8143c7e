variable "environment" {
  description = "Which environment this is, and where: name, AWS account and region, domain, Google project and region."
  type = object({
    name           = string
    aws_account_id = string
    aws_region     = string
    domain         = string
    google_project = string
    google_region  = string
  })

  validation {
    condition     = contains(["dev", "staging", "production"], var.environment.name)
    error_message = "An environment is dev, staging or production."
  }
}

variable "kafka" {
  description = "Kafka's brokers: instance type, disk at first and at most."
  type        = object({ broker_type = string, disk_gb = number, disk_max_gb = number })
}

variable "postgres" {
  description = "PostgreSQL: size, disk at first and at most, standby, days of backups, a second region for them, connections that alarm."
  type = object({
    instance_class  = string
    disk_gb         = number
    disk_max_gb     = number
    multi_az        = bool
    backup_days     = number
    backup_region   = optional(string)
    max_connections = number
  })
}

variable "tables" {
  description = "Units a second at which DynamoDB throttles, for each table."
  type        = object({ max_write_units = number, max_read_units = number })
}

variable "mail_url" {
  description = "The mail server as ECOM_MAIL_URL has it; taken when secrets are written."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "deletion_protection" {
  description = "Whether AWS refuses to delete what keeps data."
  type        = bool
}

variable "secrets_generation" {
  description = "Raised by one, all secrets are made anew."
  type        = number
}

variable "alert_emails" {
  description = "Addresses that alarms go to."
  type        = list(string)
}

variable "schemas_directory" {
  description = "Folder of the events' schemas."
  type        = string
}

variable "import_package" {
  description = "Zip of the import function."
  type        = string
}

variable "kms_key_arn" {
  description = "The environment's key."
  type        = string
}

variable "vpc_id" {
  description = "Network in AWS."
  type        = string
}

variable "private_subnet_ids" {
  description = "Private subnets in AWS."
  type        = list(string)
}

variable "services_security_group_id" {
  description = "Group that clients of the data stores wear."
  type        = string
}

variable "nodes_service_account" {
  description = "Account of the Flink cluster's nodes at Google."
  type        = object({ email = string, name = string, unique_id = string })
}
