# product_bulk_import_lambda: uploads tell a queue, the queue brings them to the function, what fails goes beside it.
locals {
  log_group = "/aws/lambda/${var.function_name}"
  log_arn   = "arn:aws:logs:${var.region}:${var.account_id}:log-group:${local.log_group}"
}

module "queue" {
  source = "../queue"

  name        = var.queue_name
  failed_name = "${var.queue_name}-dlq"
  account_id  = var.account_id
  region      = var.region
  receives    = 5
  # Six times the function's limit, as AWS advises: a batch that waits for a free instance is not given out twice.
  visibility_timeout_seconds = 6 * var.timeout_seconds
  oldest_seconds             = 3600
  runbook                    = "a-task-failed-for-good.md"
  alerts_topic_arn           = var.alerts_topic_arn
}

locals {
  queue_policy = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "NotificationsOfTheUploads"
      Effect    = "Allow"
      Principal = { Service = "s3.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = module.queue.arn
      Condition = {
        ArnEquals    = { "aws:SourceArn" = "arn:aws:s3:::${var.uploads_bucket}" }
        StringEquals = { "aws:SourceAccount" = var.account_id }
      }
    }]
  }
}

resource "aws_sqs_queue_policy" "notifications" {
  queue_url = module.queue.url
  policy    = jsonencode(local.queue_policy)

  depends_on = [module.queue]
}

resource "aws_s3_bucket_notification" "uploads" {
  bucket = var.uploads_bucket

  queue {
    id        = "imports"
    queue_arn = module.queue.arn
    events    = ["s3:ObjectCreated:*"]
  }

  depends_on = [aws_sqs_queue_policy.notifications]
}

resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_338: personal data (addresses of clients) is kept for 30 days, as docs say, not for a year

  name              = local.log_group
  retention_in_days = 30
  kms_key_id        = var.kms_key_arn
}

resource "aws_security_group" "this" {
  name        = "${var.name}-import"
  description = "The import function: out by HTTPS, nothing in"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.this.id
  description       = "The gateway and AWS"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

locals {
  trust = {
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }]
  }
  policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ReadUploads"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:GetObjectVersion"]
        Resource = ["arn:aws:s3:::${var.uploads_bucket}/*"]
      },
      {
        Sid      = "KeepReports"
        Effect   = "Allow"
        Action   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
        Resource = ["arn:aws:s3:::${var.reports_bucket}/*"]
      },
      {
        # Without it S3 answers 403 for an object that is not there.
        Sid      = "TellAbsentFromForbidden"
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = ["arn:aws:s3:::${var.uploads_bucket}", "arn:aws:s3:::${var.reports_bucket}"]
      },
      {
        Sid    = "TakeAndGoOn"
        Effect = "Allow"
        Action = [
          "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage",
        ]
        Resource = [module.queue.arn]
      },
      {
        Sid      = "OwnCredentials"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = [var.secret_arn]
      },
      {
        Sid      = "OwnKey"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = [var.kms_key_arn]
      },
      {
        Sid      = "OwnLog"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${local.log_arn}:*"]
      },
    ]
  }
}

resource "aws_iam_role" "this" {
  name               = "${var.name}-import-lambda"
  assume_role_policy = jsonencode(local.trust)
}

resource "aws_iam_role_policy" "this" {
  name   = "allowed"
  role   = aws_iam_role.this.id
  policy = jsonencode(local.policy)
}

# Network interfaces in our subnets: AWS makes them for the function and cannot bound that by a resource.
resource "aws_iam_role_policy_attachment" "network" {
  role       = aws_iam_role.this.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaENIManagementAccess"
}

resource "aws_lambda_function" "this" {
  # checkov:skip=CKV_AWS_115: the event source's maximum_concurrency bounds it; a reservation would take from others
  # checkov:skip=CKV_AWS_116: nobody calls it asynchronously; its queue has the dead letters
  # checkov:skip=CKV_AWS_272: the package is built reproducibly by CI

  function_name    = var.function_name
  description      = "Imports products from CSV files dropped in ${var.uploads_bucket}"
  role             = aws_iam_role.this.arn
  runtime          = "python3.12"
  architectures    = ["x86_64"]
  handler          = var.handler
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
  timeout          = var.timeout_seconds
  memory_size      = var.memory_mb
  kms_key_arn      = var.kms_key_arn

  vpc_config {
    subnet_ids         = var.subnet_ids
    security_group_ids = [aws_security_group.this.id]
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.this.name
  }

  tracing_config {
    mode = "PassThrough"
  }

  environment {
    variables = {
      ECOM_GATEWAY_URL      = var.gateway_url
      ECOM_IMPORT_SECRET    = var.secret_name
      ECOM_IMPORT_QUEUE_URL = module.queue.url
      ECOM_REPORTS_BUCKET   = var.reports_bucket
    }
  }

  depends_on = [aws_iam_role_policy.this, aws_iam_role_policy_attachment.network]
}

# The catalog bounds the import: few instances, each with one file at a time.
resource "aws_lambda_event_source_mapping" "queue" {
  event_source_arn        = module.queue.arn
  function_name           = aws_lambda_function.this.function_name
  batch_size              = 1
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = var.instances
  }
}

locals {
  # A message that fails for another reason is no error of the function's: it comes again, and the queue's alarm tells when
  # it has failed for good.
  alarms = {
    errors    = { metric = "Errors", statistic = "Sum", above = 0, text = "The import function crashed or ran out of time" }
    throttles = { metric = "Throttles", statistic = "Sum", above = 0, text = "AWS gave the import function no instance" }
    duration  = { metric = "Duration", statistic = "Maximum", above = 970 * var.timeout_seconds, text = "The import function did not stop before its limit" }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-import-${each.key}"
  alarm_description   = "${each.value.text}: docs/runbooks/a-task-failed-for-good.md"
  namespace           = "AWS/Lambda"
  metric_name         = each.value.metric
  dimensions          = { FunctionName = var.function_name }
  statistic           = each.value.statistic
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.above
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alerts_topic_arn]
  ok_actions          = [var.alerts_topic_arn]
}
