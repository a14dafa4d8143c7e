mock_provider "aws" {
  override_during = plan
  mock_resource "aws_acm_certificate" {
    defaults = {
      arn = "arn:aws:acm:eu-central-1:111111111111:certificate/1"
      domain_validation_options = [
        { domain_name = "dev.shop.example", resource_record_name = "_a.dev.shop.example", resource_record_type = "CNAME", resource_record_value = "_b.acm" },
        { domain_name = "*.dev.shop.example", resource_record_name = "_a.dev.shop.example", resource_record_type = "CNAME", resource_record_value = "_b.acm" },
      ]
    }
  }
}

variables {
  domain = "dev.shop.example"
}

run "one_certificate_for_the_domain_and_its_names" {
  command = plan

  assert {
    condition     = aws_acm_certificate.this.subject_alternative_names == toset(["*.dev.shop.example"]) && aws_acm_certificate.this.validation_method == "DNS"
    error_message = "The certificate holds for the names below the domain."
  }
  assert {
    condition     = aws_route53_record.validation.name == "_a.dev.shop.example" && aws_route53_record.validation.records == toset(["_b.acm"])
    error_message = "One record validates both."
  }
}
