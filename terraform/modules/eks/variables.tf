variable "name" {
  description = "Name of the cluster, such as `ecom-dev`."
  type        = string
}

variable "kubernetes_version" {
  description = "Minor version of Kubernetes."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets of the nodes and of the cluster's own addresses."
  type        = list(string)
}

variable "services_security_group_id" {
  description = "Group that clients of the data stores wear: the nodes."
  type        = string
}

variable "api_cidrs" {
  description = "Addresses from which people may reach the cluster's API; none: from within the network alone."
  type        = list(string)

  validation {
    condition     = !contains(var.api_cidrs, "0.0.0.0/0")
    error_message = "The cluster's API is not for the whole internet."
  }
}

variable "nodes" {
  description = "Fewest and most nodes."
  type        = object({ min = number, max = number })
}

variable "node_types" {
  description = "Instance types of the nodes."
  type        = list(string)
}

variable "node_disk_gb" {
  description = "Disk of a node, in GiB."
  type        = number
}

variable "admin_role_arns" {
  description = "IAM roles of the cluster's administrators; one of them applies the state `argocd`."
  type        = set(string)
}

variable "deletion_protection" {
  description = "Whether AWS refuses to delete the cluster."
  type        = bool
}

variable "kms_key_arn" {
  description = "Key that encrypts Kubernetes' secrets and the control plane's logs."
  type        = string
}
