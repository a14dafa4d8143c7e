output "address" {
  description = "Host name of the server."
  value       = aws_db_instance.this.address
}

output "admin_secret_arn" {
  description = "Secret with the server's own user and password, for `ensure_databases`."
  value       = aws_db_instance.this.master_user_secret[0].secret_arn
}
