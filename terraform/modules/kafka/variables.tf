variable "name" {
  description = "Name of the cluster, such as `ecom-dev`."
  type        = string
}

variable "account_id" {
  description = "AWS account."
  type        = string
}

variable "kafka_version" {
  description = "Version as MSK names it."
  type        = string
  default     = "4.0.x.kraft"
}

variable "broker_type" {
  description = "Instance type of a broker."
  type        = string
}

variable "broker_disk_gb" {
  description = "Disk of a broker at first, in GiB."
  type        = number
}

variable "broker_disk_max_gb" {
  description = "Size to which a broker's disk may grow by itself, in GiB."
  type        = number
}

variable "vpc_id" {
  description = "Network of the brokers."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets, one in each of three zones."
  type        = list(string)
}

variable "clients_security_group_id" {
  description = "Group that clients in AWS wear."
  type        = string
}

variable "kms_key_arn" {
  description = "Key that encrypts the brokers' disks and logs."
  type        = string
}

variable "scram_user" {
  description = "Kafka's name for the job on the other cloud."
  type        = string
}

variable "scram_password" {
  description = "Its password; written to Secrets Manager and not to the state."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "scram_generation" {
  description = "Raised by one, it has a new password written."
  type        = number
}

variable "alerts_topic_arn" {
  description = "Topic that the alarms go to."
  type        = string
}
