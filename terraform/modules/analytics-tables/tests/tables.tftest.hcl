mock_provider "aws" {}

variables {
  kms_key_arn         = "arn:aws:kms:eu-central-1:111111111111:key/1"
  deletion_protection = true
  max_write_units     = 4000
  max_read_units      = 2000
  alerts_topic_arn    = "arn:aws:sns:eu-central-1:111111111111:alerts"
}

run "the_tables_are_those_of_the_job_and_the_gateway" {
  command = plan

  assert {
    condition = { for name, table in aws_dynamodb_table.this : name => [table.hash_key, table.range_key] } == {
      "ecom-product-analytics" = ["product_id", "window_start"], "ecom-trending-products" = ["granularity", "window_start"]
    }
    error_message = "Names and keys are those of the code."
  }
  assert {
    condition     = alltrue([for table in aws_dynamodb_table.this : table.ttl[0].enabled && table.ttl[0].attribute_name == "expires_at"])
    error_message = "Items end at expires_at."
  }
}

run "the_tables_are_encrypted_and_can_be_had_back" {
  command = plan

  assert {
    condition     = alltrue([for table in aws_dynamodb_table.this : table.server_side_encryption[0].enabled && table.server_side_encryption[0].kms_key_arn == var.kms_key_arn])
    error_message = "The tables are under the environment's key."
  }
  assert {
    condition     = alltrue([for table in aws_dynamodb_table.this : table.point_in_time_recovery[0].enabled && table.deletion_protection_enabled])
    error_message = "A table can be restored to any second and is not deleted by mistake."
  }
  assert {
    condition     = alltrue([for table in aws_dynamodb_table.this : table.billing_mode == "PAY_PER_REQUEST" && table.on_demand_throughput[0].max_write_request_units == 4000])
    error_message = "Writes are on demand, and bounded."
  }
  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.throttled)) == toset(keys(local.keys))
    error_message = "Refused writes are an alarm."
  }
}
