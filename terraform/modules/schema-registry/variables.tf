variable "name" {
  description = "Name of the registry."
  type        = string
}

variable "directory" {
  description = "Folder with `<event>/v<major>.<minor>.json`; each is a schema."
  type        = string
}
