# What each service account may do in AWS. All of the platform read their own secret; the rest is by what a row of
# ecom/services.py names as a backend.
locals {
  region  = var.environment.aws_region
  account = var.environment.aws_account_id

  # arn:…:cluster/NAME/UUID -> arn:…:topic/NAME/UUID, arn:…:group/NAME/UUID
  topics = replace(var.kafka.arn, ":cluster/", ":topic/")
  groups = replace(var.kafka.arn, ":cluster/", ":group/")
  queues = var.task_queue_arns

  own_key = {
    own-key = { actions = ["kms:Decrypt", "kms:GenerateDataKey"], resources = [var.kms_key_arn] }
  }
  kafka = {
    connect = { actions = ["kafka-cluster:Connect", "kafka-cluster:DescribeCluster"], resources = [var.kafka.arn] }
  }
  reads_tables = {
    read-windows = {
      actions   = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"]
      resources = values(var.table_arns)
    }
  }
  writes_topic = {
    for topic in ["ecom-raw-events", "ecom-order-events", "ecom-customer-events"] : topic => merge(local.kafka, {
      publish = {
        actions   = ["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"]
        resources = ["${local.topics}/${topic}"]
      }
    })
  }
  reads_customer_events = {
    follow = {
      actions   = ["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"]
      resources = ["${local.topics}/ecom-customer-events"]
    }
    remember-offsets = {
      actions   = ["kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"]
      resources = ["${local.groups}/orders"]
    }
  }
  works_on = {
    for context, arn in local.queues : context => {
      work-on-tasks = {
        actions = [
          "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ReceiveMessage",
        ]
        resources = [arn]
      }
      # Each process tells Prometheus how full its queue is, and that of what failed for good.
      see-what-failed = { actions = ["sqs:GetQueueAttributes"], resources = ["${arn}-failed"] }
    }
  }

  of_services = {
    gateway          = local.reads_tables
    gateway-stream   = local.reads_tables
    customers        = {}
    catalog          = {}
    orders           = {}
    activity         = local.writes_topic["ecom-raw-events"]
    backoffice       = local.handles_imports
    customers-worker = merge(local.works_on["customers"], local.writes_topic["ecom-customer-events"])
    catalog-worker   = local.works_on["catalog"]
    orders-worker    = merge(local.works_on["orders"], local.writes_topic["ecom-order-events"], local.reads_customer_events)
    beat = {
      send-tasks = {
        actions   = ["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:SendMessage"]
        resources = [for context, arn in local.queues : arn]
      }
      see-what-failed = {
        actions   = ["sqs:GetQueueAttributes"]
        resources = [for context, arn in local.queues : "${arn}-failed"]
      }
    }
  }
  # A catalog manager drops a file into the bucket and follows its report; the static files are read by signed links.
  handles_imports = {
    drop-files = {
      actions   = ["s3:GetObject", "s3:PutObject"] # S3 has no right of its own for a look at what an object is
      resources = ["arn:aws:s3:::${var.bucket_names["product-uploads"]}/*"]
    }
    read-reports = {
      actions   = ["s3:GetObject"]
      resources = ["arn:aws:s3:::${var.bucket_names["import-reports"]}/*", "arn:aws:s3:::${var.bucket_names["static"]}/*"]
    }
    list-uploads-and-reports = {
      actions   = ["s3:ListBucket"]
      resources = [for bucket in ["product-uploads", "import-reports"] : "arn:aws:s3:::${var.bucket_names[bucket]}"]
    }
  }

  service_roles = {
    for service, allowed in local.of_services : service => {
      namespace = "ecom"
      statements = merge(local.own_key, allowed, {
        own-secret = {
          actions   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
          resources = [var.secret_arns[service]]
        }
      })
      unscoped_reads = []
    }
  }
  roles = merge(local.service_roles, local.job_roles, local.addon_roles)
}
