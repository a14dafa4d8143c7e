variable "name" {
  description = "Name of the role."
  type        = string
}

variable "repository" {
  description = "The repository at GitHub, `owner/name`."
  type        = string

  validation {
    condition     = can(regex("^[\\w.-]+/[\\w.-]+$", var.repository))
    error_message = "A repository is owner/name, without patterns."
  }
}

variable "branch" {
  description = "Its branch."
  type        = string

  validation {
    condition     = can(regex("^[\\w./-]+$", var.branch))
    error_message = "One branch, without patterns."
  }
}

variable "registry_arns" {
  description = "Registries of the images."
  type        = list(string)
}
