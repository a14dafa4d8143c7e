mock_provider "aws" {}

variables {
  name                      = "ecom-dev-flink"
  region                    = "eu-central-1"
  service_account_unique_id = "123456789012345678901"
  audience                  = "ecom-dev"
  table_arns                = ["arn:aws:dynamodb:eu-central-1:111111111111:table/a", "arn:aws:dynamodb:eu-central-1:111111111111:table/b"]
  kms_key_arn               = "arn:aws:kms:eu-central-1:111111111111:key/1"
}

run "one_account_of_google_and_no_other" {
  command = plan

  assert {
    condition = one(jsondecode(aws_iam_role.this.assume_role_policy).Statement) == {
      Effect = "Allow", Action = "sts:AssumeRoleWithWebIdentity", Principal = { Federated = "accounts.google.com" }
      Condition = {
        StringEquals = {
          "accounts.google.com:aud" = "123456789012345678901", "accounts.google.com:oaud" = "ecom-dev", "accounts.google.com:sub" = "123456789012345678901"
        }
      }
    }
    error_message = "aud, oaud and sub all name the account."
  }
}

run "it_writes_just_the_two_tables" {
  command = plan

  assert {
    condition = jsonencode({ for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Sid => [statement.Action, statement.Resource] }) == jsonencode({
      WriteWindows = [["dynamodb:BatchWriteItem", "dynamodb:DescribeTable"], var.table_arns]
      TheTablesKey = [["kms:Decrypt"], [var.kms_key_arn]]
    })
    error_message = "Nothing more and nothing less."
  }
}

run "an_address_is_no_unique_id" {
  command = plan

  variables {
    service_account_unique_id = "flink@project.iam.gserviceaccount.com"
  }

  expect_failures = [var.service_account_unique_id]
}
