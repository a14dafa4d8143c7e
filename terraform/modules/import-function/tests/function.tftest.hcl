mock_provider "aws" {}

variables {
  name             = "ecom-dev"
  account_id       = "111111111111"
  region           = "eu-central-1"
  package          = "README.md"
  uploads_bucket   = "ecom-dev-product-uploads"
  reports_bucket   = "ecom-dev-import-reports"
  gateway_url      = "https://internal.dev.shop.example"
  secret_name      = "ecom/dev/import-lambda"
  secret_arn       = "arn:aws:secretsmanager:eu-central-1:111111111111:secret:ecom/dev/import-lambda-??????"
  vpc_id           = "vpc-1"
  subnet_ids       = ["subnet-a", "subnet-b", "subnet-c"]
  kms_key_arn      = "arn:aws:kms:eu-central-1:111111111111:key/1"
  alerts_topic_arn = "arn:aws:sns:eu-central-1:111111111111:alerts"
}

run "an_upload_comes_to_the_function_by_the_queue" {
  command = plan

  assert {
    condition     = aws_s3_bucket_notification.uploads.bucket == "ecom-dev-product-uploads" && aws_s3_bucket_notification.uploads.queue[0].queue_arn == "arn:aws:sqs:eu-central-1:111111111111:ecom-product-imports"
    error_message = "The uploads tell the queue."
  }
  assert {
    condition     = aws_s3_bucket_notification.uploads.queue[0].events == toset(["s3:ObjectCreated:*"])
    error_message = "Of what is new."
  }
  assert {
    condition     = one(local.queue_policy.Statement).Condition == { ArnEquals = { "aws:SourceArn" = "arn:aws:s3:::ecom-dev-product-uploads" }, StringEquals = { "aws:SourceAccount" = "111111111111" } }
    error_message = "Only that bucket of this account writes to the queue."
  }
  assert {
    condition     = aws_lambda_event_source_mapping.queue.batch_size == 1 && aws_lambda_event_source_mapping.queue.function_response_types == toset(["ReportBatchItemFailures"])
    error_message = "The function says which messages it could not do."
  }
}

run "the_function_may_do_what_is_stated" {
  command = plan

  assert {
    condition = { for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Sid => [statement.Action, statement.Resource] } == {
      ReadUploads             = [["s3:GetObject", "s3:GetObjectVersion"], ["arn:aws:s3:::ecom-dev-product-uploads/*"]]
      KeepReports             = [["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"], ["arn:aws:s3:::ecom-dev-import-reports/*"]]
      TellAbsentFromForbidden = [["s3:ListBucket"], ["arn:aws:s3:::ecom-dev-product-uploads", "arn:aws:s3:::ecom-dev-import-reports"]]
      TakeAndGoOn = [
        ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"],
        ["arn:aws:sqs:eu-central-1:111111111111:ecom-product-imports"],
      ]
      OwnCredentials = [["secretsmanager:GetSecretValue"], [var.secret_arn]]
      OwnKey         = [["kms:Decrypt", "kms:GenerateDataKey"], [var.kms_key_arn]]
      OwnLog         = [["logs:CreateLogStream", "logs:PutLogEvents"], ["arn:aws:logs:eu-central-1:111111111111:log-group:/aws/lambda/product_bulk_import_lambda:*"]]
    }
    error_message = "Nothing more and nothing less."
  }
  assert {
    condition     = toset(aws_lambda_function.this.vpc_config[0].subnet_ids) == toset(var.subnet_ids)
    error_message = "The function is in the private subnets."
  }
}

run "somebody_hears_of_it" {
  command = plan

  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.this)) == toset(["errors", "throttles", "duration"])
    error_message = "Errors, throttling and a run near its limit are alarms; the queue's are its own."
  }
  assert {
    condition     = aws_cloudwatch_log_group.this.retention_in_days == 30 && aws_cloudwatch_log_group.this.kms_key_id == var.kms_key_arn
    error_message = "The log is encrypted and ends after a month."
  }
}
