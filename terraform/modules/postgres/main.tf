# One server for the three databases. The databases and their owners are made by the job `ensure_databases`, which
# alone holds the server's own password; Amazon keeps and changes that.
resource "aws_db_subnet_group" "this" {
  name       = var.name
  subnet_ids = var.subnet_ids
}

resource "aws_security_group" "this" {
  name        = "${var.name}-postgres"
  description = "PostgreSQL"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  security_group_id            = aws_security_group.this.id
  description                  = "Services"
  referenced_security_group_id = var.clients_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_db_parameter_group" "this" {
  name_prefix = "${var.name}-"
  family      = "postgres${var.engine_version}"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  parameter {
    name  = "log_min_duration_statement"
    value = "500"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_iam_role" "monitoring" {
  name               = "${var.name}-postgres-monitoring"
  assume_role_policy = jsonencode(local.monitoring_trust)
}

locals {
  monitoring_trust = {
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "monitoring.rds.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  }
}

resource "aws_iam_role_policy_attachment" "monitoring" {
  role       = aws_iam_role.monitoring.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}

resource "aws_db_instance" "this" {
  # checkov:skip=CKV_AWS_161: services sign in with the password of their secret; tokens of 15 minutes do not go with kept connections
  # checkov:skip=CKV_AWS_293: the environment's value, true but for dev

  identifier     = var.name
  engine         = "postgres"
  engine_version = var.engine_version
  instance_class = var.instance_class

  storage_type          = "gp3"
  allocated_storage     = var.disk_gb
  max_allocated_storage = var.disk_max_gb
  storage_encrypted     = true
  kms_key_id            = var.kms_key_arn

  username                      = "postgres"
  manage_master_user_password   = true
  master_user_secret_kms_key_id = var.kms_key_arn

  multi_az               = var.multi_az
  publicly_accessible    = false
  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [aws_security_group.this.id]
  parameter_group_name   = aws_db_parameter_group.this.name
  ca_cert_identifier     = "rds-ca-rsa2048-g1"

  backup_retention_period   = var.backup_days
  backup_window             = "02:00-02:30"
  maintenance_window        = "sun:03:00-sun:04:00"
  copy_tags_to_snapshot     = true
  deletion_protection       = var.deletion_protection
  skip_final_snapshot       = !var.deletion_protection
  final_snapshot_identifier = var.deletion_protection ? "${var.name}-final" : null
  delete_automated_backups  = !var.deletion_protection

  auto_minor_version_upgrade      = true
  monitoring_interval             = 60
  monitoring_role_arn             = aws_iam_role.monitoring.arn
  performance_insights_enabled    = true
  performance_insights_kms_key_id = var.kms_key_arn
  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]
}

# What is left if the region is lost: backups and logs of transactions, some minutes old, in another one.
resource "aws_kms_key" "elsewhere" {
  count = var.backup_region == null ? 0 : 1

  region                  = var.backup_region
  description             = "Backups of ${var.name} from another region"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = jsonencode(local.elsewhere_policy)
}

locals {
  elsewhere_policy = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AccountAdministers"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::${var.account_id}:root" }
      Action    = "kms:*"
      Resource  = "*" # this key: a key's policy names no other
    }]
  }
}

resource "aws_db_instance_automated_backups_replication" "elsewhere" {
  count = var.backup_region == null ? 0 : 1

  region                 = var.backup_region
  source_db_instance_arn = aws_db_instance.this.arn
  kms_key_id             = aws_kms_key.elsewhere[0].arn
  retention_period       = var.backup_days
}

locals {
  gib = 1024 * 1024 * 1024
  alarms = {
    disk        = { metric = "FreeStorageSpace", operator = "LessThanThreshold", threshold = 5 * local.gib, text = "The disk is nearly full" }
    cpu         = { metric = "CPUUtilization", operator = "GreaterThanThreshold", threshold = 80, text = "The processor is busy" }
    connections = { metric = "DatabaseConnections", operator = "GreaterThanThreshold", threshold = var.max_connections, text = "Connections come to an end" }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-postgres-${each.key}"
  alarm_description   = "${each.value.text}: docs/runbooks/postgresql-is-full-or-busy.md"
  namespace           = "AWS/RDS"
  metric_name         = each.value.metric
  dimensions          = { DBInstanceIdentifier = var.name }
  statistic           = "Average"
  comparison_operator = each.value.operator
  threshold           = each.value.threshold
  period              = 300
  evaluation_periods  = 3
  alarm_actions       = [var.alerts_topic_arn]
  ok_actions          = [var.alerts_topic_arn]
}
