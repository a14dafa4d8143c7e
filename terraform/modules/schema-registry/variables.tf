variable "name" {
  description = "Name of the registry."
  type        = string
}

variable "directory" {
  description = "Folder with `<event>/v<major>.<minor>.json`; each major is a schema, its newest minor the version."
  type        = string
}
