variable "project" {
  description = "Id of the Google project."
  type        = string
}

variable "region" {
  description = "Google region."
  type        = string
}

variable "zone" {
  description = "Zone of the nodes; the names by which they are found have it."
  type        = string

  validation {
    condition     = startswith(var.zone, "${var.region}-")
    error_message = "The zone is one of the region's."
  }
}

variable "name" {
  description = "Name of the cluster, such as `ecom-dev`."
  type        = string
}

variable "subnetwork" {
  description = "Subnet of the nodes."
  type        = string
}

variable "nodes_service_account" {
  description = "Service account of the nodes."
  type        = string
}

variable "image_version" {
  description = "Dataproc's image; its Flink is the version that the job is pinned to."
  type        = string
  default     = "3.0-debian13"
}

variable "master_type" {
  description = "Machine type of the master."
  type        = string
}

variable "worker_type" {
  description = "Machine type of the workers."
  type        = string
}

variable "workers" {
  description = "Workers, at least 2; slots of all together bound the job's parallelism."
  type        = number

  validation {
    condition     = var.workers >= 2
    error_message = "Dataproc needs two workers."
  }
}

variable "slots_per_worker" {
  description = "Flink's slots of a TaskManager."
  type        = number
}

variable "aws_role_arn" {
  description = "Role of AWS that the nodes may take."
  type        = string
}

variable "aws_token_audience" {
  description = "Audience of the identity token that AWS is shown."
  type        = string
}

variable "aws_region" {
  description = "AWS region of the tables."
  type        = string
}
