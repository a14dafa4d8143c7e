output "name" {
  description = "Name of the Kubernetes cluster."
  value       = module.eks.name
}

output "endpoint" {
  description = "Its API."
  value       = module.eks.endpoint
}

output "certificate_authority" {
  description = "Certificate of the API's authority, base64."
  value       = module.eks.certificate_authority
}

output "oidc_issuer" {
  description = "Its issuer of tokens."
  value       = module.eks.oidc_issuer
}

output "registry_urls" {
  description = "Repositories of images, by name."
  value       = { for name, registry in module.registry : name => registry.url }
}

output "image_role_arn" {
  description = "Role of the workflow that pushes images: GitHub's variable IMAGE_ROLE_ARN. Null where none does."
  value       = one(module.image_publisher[*].arn)
}

output "dataproc_cluster" {
  description = "Name of the Flink cluster."
  value       = module.flink.name
}

output "flink_bucket" {
  description = "Bucket of the Flink job."
  value       = module.flink.bucket
}
