mock_provider "aws" {}

variables {
  name                = "ecom-dev"
  requests_per_minute = 3000
  kms_key_arn         = "arn:aws:kms:eu-central-1:111111111111:key/1"
}

run "an_address_is_bounded" {
  command = plan

  assert {
    condition = [
      for rule in aws_wafv2_web_acl.this.rule : [
        rule.statement[0].rate_based_statement[0].limit, rule.statement[0].rate_based_statement[0].evaluation_window_sec, length(rule.action[0].block),
      ] if rule.name == "requests-of-one-address"
    ] == [[3000, 60, 1]]
    error_message = "3,000 requests a minute, then it is refused."
  }
  assert {
    condition     = length(aws_wafv2_web_acl.this.rule) == 4
    error_message = "Amazon's three lists are on."
  }
  assert {
    condition     = startswith(aws_cloudwatch_log_group.this.name, "aws-waf-logs-") && contains([for field in aws_wafv2_web_acl_logging_configuration.this.redacted_fields : field.single_header[0].name], "authorization")
    error_message = "Refusals are logged, without tokens."
  }
}
