# The two tables that the Flink job writes and the gateway reads; on demand, as a minute's windows come in bursts.
locals {
  keys = {
    "ecom-product-analytics" = { hash = "product_id", range = "window_start" }
    "ecom-trending-products" = { hash = "granularity", range = "window_start" }
  }
}

resource "aws_dynamodb_table" "this" {
  for_each = local.keys

  name                        = each.key
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = each.value.hash
  range_key                   = each.value.range
  deletion_protection_enabled = var.deletion_protection

  dynamic "attribute" {
    for_each = toset(values(each.value))

    content {
      name = attribute.key
      type = "S"
    }
  }

  on_demand_throughput {
    max_write_request_units = var.max_write_units
    max_read_request_units  = var.max_read_units
  }

  ttl {
    enabled        = true
    attribute_name = "expires_at"
  }

  point_in_time_recovery {
    enabled                 = true
    recovery_period_in_days = 35
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arn
  }
}

# Throttled writes slow the job down, which keeps up from Kafka: somebody should know before retention ends.
resource "aws_cloudwatch_metric_alarm" "throttled" {
  for_each = local.keys

  alarm_name          = "${each.key}-throttled"
  alarm_description   = "DynamoDB refuses writes of ${each.key}: docs/runbooks/analytics-stand-still.md"
  namespace           = "AWS/DynamoDB"
  metric_name         = "WriteThrottleEvents"
  dimensions          = { TableName = each.key }
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alerts_topic_arn]
  ok_actions          = [var.alerts_topic_arn]
}
