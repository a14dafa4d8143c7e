# A queue, and beside it one of what was received too often; an alarm when anything is put there.
locals {
  arn        = "arn:aws:sqs:${var.region}:${var.account_id}:${var.name}"
  failed_arn = "arn:aws:sqs:${var.region}:${var.account_id}:${var.failed_name}"
}

resource "aws_sqs_queue" "this" {
  name                       = var.name
  visibility_timeout_seconds = var.visibility_timeout_seconds
  message_retention_seconds  = 14 * 24 * 3600
  receive_wait_time_seconds  = 20
  sqs_managed_sse_enabled    = true
  redrive_policy             = jsonencode({ deadLetterTargetArn = local.failed_arn, maxReceiveCount = var.receives })
  depends_on                 = [aws_sqs_queue.failed]
}

resource "aws_sqs_queue" "failed" {
  name                      = var.failed_name
  message_retention_seconds = 14 * 24 * 3600
  sqs_managed_sse_enabled   = true
  redrive_allow_policy      = jsonencode({ redrivePermission = "byQueue", sourceQueueArns = [local.arn] })
}

resource "aws_cloudwatch_metric_alarm" "failed" {
  alarm_name          = "${var.name}-failed"
  alarm_description   = "Messages of ${var.name} failed for good: docs/runbooks/${var.runbook}"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = var.failed_name }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alerts_topic_arn]
  ok_actions          = [var.alerts_topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "old" {
  alarm_name          = "${var.name}-old"
  alarm_description   = "A message of ${var.name} waits since ${var.oldest_seconds} s: docs/runbooks/${var.runbook}"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = var.name }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.oldest_seconds
  period              = 300
  evaluation_periods  = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alerts_topic_arn]
  ok_actions          = [var.alerts_topic_arn]
}
