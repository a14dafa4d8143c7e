output "url" {
  description = "Repository as an image's name begins with it."
  value       = aws_ecr_repository.this.repository_url
}
