output "arn" {
  description = "ARN of the firewall, for the load balancer's annotation."
  value       = aws_wafv2_web_acl.this.arn
}
