variable "public_key_pem" {
  description = "Public RSA key of 2048 bits, as `BEGIN PUBLIC KEY`."
  type        = string
  ephemeral   = true
}

variable "key_id" {
  description = "The key's `kid`."
  type        = string
}
