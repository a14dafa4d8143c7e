# The public zone of an environment, and the certificate for it and its names one level down.
resource "aws_route53_zone" "this" {
  # checkov:skip=CKV2_AWS_38: signing needs a key in us-east-1 and the parent domain, which is not ours here
  # checkov:skip=CKV2_AWS_39: the zone is public and its questions are shoppers'; nobody reads them

  name    = var.domain
  comment = "The shop's public names"
}

resource "aws_acm_certificate" "this" {
  domain_name               = var.domain
  subject_alternative_names = ["*.${var.domain}"]
  validation_method         = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

# The wildcard is validated by the same record as the domain itself.
locals {
  validation = [
    for option in aws_acm_certificate.this.domain_validation_options : option if option.domain_name == var.domain
  ]
}

resource "aws_route53_record" "validation" {
  zone_id         = aws_route53_zone.this.zone_id
  name            = one(local.validation[*].resource_record_name)
  type            = one(local.validation[*].resource_record_type)
  records         = local.validation[*].resource_record_value
  ttl             = 300
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "this" {
  certificate_arn         = aws_acm_certificate.this.arn
  validation_record_fqdns = [aws_route53_record.validation.fqdn]
}
