variable "environment" {
  description = "Name of the environment."
  type        = string
}

variable "chart_version" {
  description = "Version of Argo CD's chart."
  type        = string
}

variable "git_repository" {
  description = "Repository from which everything in the cluster comes."
  type        = string
}

variable "git_revision" {
  description = "Branch or tag of it."
  type        = string
}

variable "git_path" {
  description = "Folder of it with the root application's manifests."
  type        = string
}

variable "annotations" {
  description = "What ApplicationSets read, by name without the prefix."
  type        = map(string)
}
