variable "domain" {
  description = "Domain of the environment, such as `dev.shop.example`; its parent delegates to the zone's name servers."
  type        = string
}
