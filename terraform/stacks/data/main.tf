# Everything that keeps data: Kafka, PostgreSQL, DynamoDB, buckets, queues, secrets; and the import function.
locals {
  name     = "ecom-${var.environment.name}"
  contexts = toset(["customers", "catalog", "orders"])
  # As ecom/kafka_resources.py allows it what it may.
  kafka_user = "flink"
  buckets = {
    product-uploads = { expire_days = 90, expire_days_below = {}, noncurrent_days = 30 }
    # An import that goes on within its days writes the file of its errors piece by piece into parts/, then as one.
    import-reports = { expire_days = 90, expire_days_below = { "parts/" = 7 }, noncurrent_days = 7 }
    static         = { expire_days = null, expire_days_below = {}, noncurrent_days = 30 }
  }
}

module "alerts" {
  source = "../../modules/alerts"

  name        = "${local.name}-alerts"
  kms_key_arn = var.kms_key_arn
  emails      = var.alert_emails
}

module "kafka" {
  source = "../../modules/kafka"

  name                      = local.name
  account_id                = var.environment.aws_account_id
  broker_type               = var.kafka.broker_type
  broker_disk_gb            = var.kafka.disk_gb
  broker_disk_max_gb        = var.kafka.disk_max_gb
  vpc_id                    = var.vpc_id
  subnet_ids                = var.private_subnet_ids
  clients_security_group_id = var.services_security_group_id
  kms_key_arn               = var.kms_key_arn
  scram_user                = local.kafka_user
  scram_password            = ephemeral.random_password.kafka.result
  scram_generation          = var.secrets_generation
  alerts_topic_arn          = module.alerts.topic_arn
}

module "postgres" {
  source = "../../modules/postgres"

  name                      = local.name
  account_id                = var.environment.aws_account_id
  instance_class            = var.postgres.instance_class
  disk_gb                   = var.postgres.disk_gb
  disk_max_gb               = var.postgres.disk_max_gb
  multi_az                  = var.postgres.multi_az
  backup_days               = var.postgres.backup_days
  backup_region             = var.postgres.backup_region
  max_connections           = var.postgres.max_connections
  deletion_protection       = var.deletion_protection
  vpc_id                    = var.vpc_id
  subnet_ids                = var.private_subnet_ids
  clients_security_group_id = var.services_security_group_id
  kms_key_arn               = var.kms_key_arn
  alerts_topic_arn          = module.alerts.topic_arn
}

module "analytics_tables" {
  source = "../../modules/analytics-tables"

  kms_key_arn         = var.kms_key_arn
  deletion_protection = var.deletion_protection
  max_write_units     = var.tables.max_write_units
  max_read_units      = var.tables.max_read_units
  alerts_topic_arn    = module.alerts.topic_arn
}

module "bucket" {
  source   = "../../modules/bucket"
  for_each = local.buckets

  name              = "${local.name}-${each.key}"
  kms_key_arn       = var.kms_key_arn
  expire_days       = each.value.expire_days
  expire_days_below = each.value.expire_days_below
  noncurrent_days   = each.value.noncurrent_days
}

# Celery's queues, one for each context; times as in ecom/celery.py and ecom/sqs_transport.py.
module "task_queue" {
  source   = "../../modules/queue"
  for_each = local.contexts

  name                       = "ecom-${each.key}"
  failed_name                = "ecom-${each.key}-failed"
  account_id                 = var.environment.aws_account_id
  region                     = var.environment.aws_region
  visibility_timeout_seconds = 900
  receives                   = 5
  oldest_seconds             = 900
  runbook                    = "a-task-failed-for-good.md"
  alerts_topic_arn           = module.alerts.topic_arn
}

module "schema_registry" {
  source = "../../modules/schema-registry"

  name      = "ecom"
  directory = var.schemas_directory
}

module "import_function" {
  source = "../../modules/import-function"

  name             = local.name
  account_id       = var.environment.aws_account_id
  region           = var.environment.aws_region
  package          = var.import_package
  uploads_bucket   = module.bucket["product-uploads"].name
  reports_bucket   = module.bucket["import-reports"].name
  gateway_url      = "https://internal.${var.environment.domain}"
  secret_name      = module.service_secrets.names["import-lambda"]
  secret_arn       = module.service_secrets.arns["import-lambda"]
  vpc_id           = var.vpc_id
  subnet_ids       = var.private_subnet_ids
  kms_key_arn      = var.kms_key_arn
  alerts_topic_arn = module.alerts.topic_arn
}

# The Flink job's nodes may write the two tables.
module "flink_role" {
  source = "../../modules/google-workload-role"

  name                      = "${local.name}-dataproc"
  region                    = var.environment.aws_region
  service_account_unique_id = var.nodes_service_account.unique_id
  audience                  = local.name
  table_arns                = values(module.analytics_tables.arns)
  kms_key_arn               = var.kms_key_arn
}

# The job's driver reads it at its start (streaming/kafka_secret.py).
module "flink_kafka_secret" {
  source = "../../modules/google-secret"

  project    = var.environment.google_project
  region     = var.environment.google_region
  name       = "${local.name}-kafka"
  value      = jsonencode({ username = local.kafka_user, password = ephemeral.random_password.kafka.result })
  generation = var.secrets_generation
  reader     = var.nodes_service_account.email
}
