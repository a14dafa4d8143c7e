# What stands before the public load balancer: the global bound on requests of one address, and Amazon's lists of what
# is no shopper. The load balancer itself is made from the Ingress in Git, which names this by its ARN.
locals {
  # Amazon's rule against large bodies is for forms; ours are batches of events and products, bounded by the gateway.
  managed = {
    AWSManagedRulesAmazonIpReputationList = { priority = 2, counted = [] }
    AWSManagedRulesKnownBadInputsRuleSet  = { priority = 3, counted = [] }
    AWSManagedRulesCommonRuleSet          = { priority = 4, counted = ["SizeRestrictions_BODY"] }
  }
}

resource "aws_wafv2_web_acl" "this" {
  # checkov:skip=CKV_AWS_192: the list of known bad inputs has it; the check does not see it in a dynamic block

  name        = var.name
  description = "The shop's public load balancer"
  scope       = "REGIONAL"

  default_action {
    allow {}
  }

  rule {
    name     = "requests-of-one-address"
    priority = 1

    action {
      block {
        custom_response {
          response_code = 429

          response_header {
            name  = "Retry-After"
            value = "60"
          }
        }
      }
    }

    statement {
      rate_based_statement {
        limit                 = var.requests_per_minute
        evaluation_window_sec = 60
        aggregate_key_type    = "IP"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "requests-of-one-address"
      sampled_requests_enabled   = false
    }
  }

  dynamic "rule" {
    for_each = local.managed

    content {
      name     = rule.key
      priority = rule.value.priority

      override_action {
        none {}
      }

      statement {
        managed_rule_group_statement {
          vendor_name = "AWS"
          name        = rule.key

          dynamic "rule_action_override" {
            for_each = rule.value.counted

            content {
              name = rule_action_override.value

              action_to_use {
                count {}
              }
            }
          }
        }
      }

      visibility_config {
        cloudwatch_metrics_enabled = true
        metric_name                = rule.key
        sampled_requests_enabled   = false
      }
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = var.name
    sampled_requests_enabled   = false
  }
}

# A log group of the firewall's must have this prefix. Only what was refused is kept, and no token or cookie.
resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_338: personal data (addresses of clients) is kept for 30 days, as docs say, not for a year

  name              = "aws-waf-logs-${var.name}"
  retention_in_days = 30
  kms_key_id        = var.kms_key_arn
}

resource "aws_wafv2_web_acl_logging_configuration" "this" {
  resource_arn            = aws_wafv2_web_acl.this.arn
  log_destination_configs = [aws_cloudwatch_log_group.this.arn]

  dynamic "redacted_fields" {
    for_each = toset(["authorization", "cookie", "x-cart-token"])

    content {
      single_header {
        name = redacted_fields.key
      }
    }
  }

  logging_filter {
    default_behavior = "DROP"

    filter {
      behavior    = "KEEP"
      requirement = "MEETS_ANY"

      condition {
        action_condition {
          action = "BLOCK"
        }
      }
    }
  }
}
