mock_provider "aws" {}

variables {
  name                       = "ecom-orders"
  failed_name                = "ecom-orders-failed"
  account_id                 = "111111111111"
  region                     = "eu-central-1"
  visibility_timeout_seconds = 900
  receives                   = 5
  oldest_seconds             = 900
  runbook                    = "a-task-failed-for-good.md"
  alerts_topic_arn           = "arn:aws:sns:eu-central-1:111111111111:alerts"
}

run "what_fails_five_times_is_put_aside_and_heard_of" {
  command = plan

  assert {
    condition = jsondecode(aws_sqs_queue.this.redrive_policy) == {
      deadLetterTargetArn = "arn:aws:sqs:eu-central-1:111111111111:ecom-orders-failed", maxReceiveCount = 5
    }
    error_message = "Messages go to the failed queue after five receives."
  }
  assert {
    condition     = jsondecode(aws_sqs_queue.failed.redrive_allow_policy).sourceQueueArns == ["arn:aws:sqs:eu-central-1:111111111111:ecom-orders"]
    error_message = "Nobody else puts messages aside there."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.failed.threshold == 0 && aws_cloudwatch_metric_alarm.failed.dimensions == tomap({ QueueName = "ecom-orders-failed" })
    error_message = "One message put aside is an alarm."
  }
  assert {
    condition     = alltrue([for alarm in [aws_cloudwatch_metric_alarm.failed, aws_cloudwatch_metric_alarm.old] : alarm.alarm_actions == toset([var.alerts_topic_arn])])
    error_message = "Both alarms go to the topic."
  }
}

run "messages_are_encrypted" {
  command = plan

  assert {
    condition     = aws_sqs_queue.this.sqs_managed_sse_enabled && aws_sqs_queue.failed.sqs_managed_sse_enabled
    error_message = "Both queues are encrypted."
  }
}
