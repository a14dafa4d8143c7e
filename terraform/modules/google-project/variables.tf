variable "project" {
  description = "Id of the Google project."
  type        = string
}

variable "name" {
  description = "Prefix of names, such as `ecom-dev`."
  type        = string
}
