output "name" {
  description = "Name of the cluster."
  value       = aws_eks_cluster.this.name
}

output "endpoint" {
  description = "Address of the cluster's API."
  value       = aws_eks_cluster.this.endpoint
}

output "certificate_authority" {
  description = "Certificate of the API's authority, base64."
  value       = aws_eks_cluster.this.certificate_authority[0].data
}

output "oidc_issuer" {
  description = "The cluster's issuer of tokens."
  value       = local.issuer
}

output "oidc_provider_arn" {
  description = "ARN of that issuer in IAM."
  value       = aws_iam_openid_connect_provider.this.arn
}
