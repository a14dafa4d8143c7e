variable "name" {
  description = "Name of the repository."
  type        = string
}

variable "kms_key_arn" {
  description = "Key that encrypts the images."
  type        = string
}

variable "kept_images" {
  description = "How many images are kept: how far back a release can go."
  type        = number
}
