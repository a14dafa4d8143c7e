variable "project" {
  description = "Id of the Google project."
  type        = string
}

variable "name" {
  description = "Name of the pool and prefix of the service accounts."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{3,31}$", var.name))
    error_message = "A pool's name has 4 to 32 lower-case letters, digits and hyphens."
  }
}

variable "oidc_issuer" {
  description = "The Kubernetes cluster's issuer of tokens."
  type        = string
}

variable "accounts" {
  description = "By Kubernetes service account: namespace, roles on the project, a bucket to write, an account to run as."
  type = map(object({
    namespace = string
    roles     = list(string)
    bucket    = optional(string)
    runs_as   = optional(string)
  }))

  validation {
    condition = alltrue(flatten([
      for account in var.accounts : [for role in account.roles : !contains(["roles/owner", "roles/editor"], role)]
    ]))
    error_message = "Nobody is owner or editor of the project."
  }
}
