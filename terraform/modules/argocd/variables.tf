variable "environment" {
  description = "Name of the environment, a label of the cluster's secret."
  type        = string
}

variable "namespace" {
  description = "Namespace of Argo CD."
  type        = string
  default     = "argocd"
}

variable "chart_repository" {
  description = "Where Argo CD's chart is."
  type        = string
  default     = "https://argoproj.github.io/argo-helm"
}

variable "chart_version" {
  description = "Version of that chart."
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

variable "prefix" {
  description = "Prefix of the annotations."
  type        = string
  default     = "ecom.shop.example/"
}

variable "annotations" {
  description = "What ApplicationSets read, by name without the prefix."
  type        = map(string)
}
