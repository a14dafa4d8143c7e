output "names" {
  description = "Name of each service's secret."
  value       = { for service, secret in aws_secretsmanager_secret.this : service => secret.name }
}

output "arns" {
  description = "ARN of each service's secret, as policies name it: AWS adds a hyphen and six characters to a secret's name."
  value = {
    for service in var.services :
    service => "arn:aws:secretsmanager:${var.region}:${var.account_id}:secret:${var.prefix}/${service}-??????"
  }
}
