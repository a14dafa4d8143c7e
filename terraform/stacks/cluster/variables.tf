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

variable "kubernetes" {
  description = "Kubernetes: version, addresses of its people, roles of its administrators, nodes."
  type = object({
    version         = string
    api_cidrs       = list(string)
    admin_role_arns = set(string)
    nodes           = object({ min = number, max = number })
    node_types      = list(string)
    node_disk_gb    = number
  })
}

variable "flink" {
  description = "The Flink cluster: zone, machine types, workers and slots of each."
  type        = object({ zone = string, master_type = string, worker_type = string, workers = number, slots_per_worker = number })
}

variable "image_publisher" {
  description = "Repository and branch at GitHub whose workflow pushes images here; null: none."
  type        = object({ repository = string, branch = string })
}

variable "kafka" {
  description = "Kafka, as the state `data` has it."
  type        = object({ arn = string, name = string, scram_secret_arn = string, scram_key_arn = string })
}

variable "deletion_protection" {
  description = "Whether AWS refuses to delete the cluster."
  type        = bool
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

variable "zone_id" {
  description = "Hosted zone of the domain."
  type        = string
}

variable "waf_arn" {
  description = "Firewall of the public load balancer."
  type        = string
}

variable "table_arns" {
  description = "DynamoDB's tables, by name."
  type        = map(string)
}

variable "bucket_names" {
  description = "Buckets, by what they are for."
  type        = map(string)
}

variable "task_queue_arns" {
  description = "Celery's queues, by context."
  type        = map(string)
}

variable "secret_arns" {
  description = "Secrets, by service."
  type        = map(string)
}

variable "postgres_admin_secret_arn" {
  description = "Secret with PostgreSQL's own password."
  type        = string
}

variable "google_subnetwork" {
  description = "Subnet at Google."
  type        = string
}

variable "flink_role_arn" {
  description = "Role of AWS that the Flink cluster's nodes take."
  type        = string
}

variable "flink_token_audience" {
  description = "Audience for which they get their tokens."
  type        = string
}

variable "nodes_service_account" {
  description = "Account of the Flink cluster's nodes at Google."
  type        = object({ email = string, name = string, unique_id = string })
}
