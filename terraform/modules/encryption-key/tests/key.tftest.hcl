mock_provider "aws" {}

variables {
  name        = "ecom-dev"
  description = "Data"
  account_id  = "111111111111"
  region      = "eu-central-1"
}

run "the_key_is_the_accounts_and_turns_over" {
  command = plan

  assert {
    condition     = aws_kms_key.this.enable_key_rotation && aws_kms_key.this.deletion_window_in_days == 30
    error_message = "The key rotates and is not gone at once."
  }
  assert {
    condition     = alltrue([for statement in local.policy.Statement : can(statement.Condition) || statement.Principal == { AWS = "arn:aws:iam::111111111111:root" }])
    error_message = "Services of AWS use it under a condition."
  }
  assert {
    condition     = alltrue([for statement in local.policy.Statement : !can(regex("\\*", jsonencode(statement.Principal)))])
    error_message = "No principal is everybody."
  }
}
