mock_provider "aws" {}

variables {
  name        = "ecom-dev-alerts"
  kms_key_arn = "arn:aws:kms:eu-central-1:111111111111:key/1"
  emails      = ["operations@shop.example"]
}

run "alarms_reach_people" {
  command = plan

  assert {
    condition     = aws_sns_topic.this.kms_master_key_id == var.kms_key_arn && keys(aws_sns_topic_subscription.email) == ["operations@shop.example"]
    error_message = "The topic is encrypted and has its readers."
  }
}
