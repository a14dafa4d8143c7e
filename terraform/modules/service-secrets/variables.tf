variable "prefix" {
  description = "First part of the secrets' names, such as `ecom/dev`."
  type        = string
}

variable "account_id" {
  description = "AWS account of the secrets."
  type        = string
}

variable "region" {
  description = "AWS region of the secrets."
  type        = string
}

variable "services" {
  description = "Services that have a secret."
  type        = set(string)
}

variable "values" {
  description = "By service, the variables and their values."
  type        = map(map(string))
  sensitive   = true
  ephemeral   = true
}

variable "generation" {
  description = "Raised by one, it has all values written anew."
  type        = number
}

variable "kms_key_arn" {
  description = "Key that encrypts the secrets."
  type        = string
}

variable "recovery_days" {
  description = "Days that a deleted secret can be restored; 0: none."
  type        = number
}

variable "verifiers" {
  description = "Those of them that verify tokens: they get the key set too."
  type        = set(string)
}

variable "token_keys" {
  description = "Public key that services verify tokens with: its `kid` and PEM."
  type        = object({ id = string, public_key_pem = string })
  ephemeral   = true
}
