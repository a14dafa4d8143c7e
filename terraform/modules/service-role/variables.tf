variable "name" {
  description = "Name of the role."
  type        = string
}

variable "oidc_provider_arn" {
  description = "ARN of the cluster's identity provider in IAM."
  type        = string
}

variable "oidc_issuer" {
  description = "The cluster's issuer of tokens, an https:// address."
  type        = string
}

variable "namespace" {
  description = "Namespace of the service account."
  type        = string
}

variable "service_account" {
  description = "The one service account that may take the role."
  type        = string
}

variable "statements" {
  description = "What it may do, by statement id: actions and resources in full, and a condition if there is one."
  type = map(object({
    actions   = list(string)
    resources = list(string)
    condition = optional(map(map(string)))
  }))

  validation {
    condition     = alltrue(flatten([for each in var.statements : [for action in each.actions : !strcontains(action, "*")]]))
    error_message = "An action is named in full: no \"*\" in it."
  }

  validation {
    condition     = alltrue(flatten([for each in var.statements : [for resource in each.resources : resource != "*"]]))
    error_message = "A resource is named: not \"*\"."
  }
}

variable "unscoped_reads" {
  description = "Actions that AWS cannot bound by a resource; they may only read."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for action in var.unscoped_reads : can(regex("^[a-z0-9-]+:(Describe|Get|List)[A-Za-z]+$", action))])
    error_message = "Without a resource only Describe…, Get… and List… are allowed, each named in full."
  }
}
