# Three brokers, TLS everywhere. IAM admits AWS clients (9098), SCRAM the job on the other cloud and its command line
# (9096), nobody else.
#
# Topics and Kafka's ACLs are not here: the provider has no resource for them, and one owner is enough. The job
# `ensure_kafka` makes them from ecom/kafka_resources.py.
locals {
  # What a broker takes over from us. A topic that nobody declared is a mistake in a name.
  server_properties = {
    "allow.everyone.if.no.acl.found" = "false"
    "auto.create.topics.enable"      = "false"
    "default.replication.factor"     = "3"
    "min.insync.replicas"            = "2"
    "unclean.leader.election.enable" = "false"
    "log.retention.hours"            = "168"
  }
}

resource "aws_msk_configuration" "this" {
  name              = var.name
  kafka_versions    = [var.kafka_version]
  server_properties = join("\n", [for key, value in local.server_properties : "${key}=${value}"])

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_security_group" "brokers" {
  name        = "${var.name}-brokers"
  description = "Kafka's brokers"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "iam" {
  security_group_id            = aws_security_group.brokers.id
  description                  = "Clients in AWS, by IAM"
  referenced_security_group_id = var.clients_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = 9098
  to_port                      = 9098
}

# The Flink job's command line, which looks at topics as the job does. Nodes wear the group, so network policies say which
# pods.
resource "aws_vpc_security_group_ingress_rule" "scram" {
  security_group_id            = aws_security_group.brokers.id
  description                  = "The Flink job's command line in AWS, by SCRAM"
  referenced_security_group_id = var.clients_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = 9096
  to_port                      = 9096
}

# Open monitoring: JMX exporter on 11001, node exporter on 11002.
resource "aws_vpc_security_group_ingress_rule" "monitoring" {
  security_group_id            = aws_security_group.brokers.id
  description                  = "Prometheus"
  referenced_security_group_id = var.clients_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = 11001
  to_port                      = 11002
}

resource "aws_vpc_security_group_ingress_rule" "between" {
  security_group_id            = aws_security_group.brokers.id
  description                  = "Brokers among themselves"
  referenced_security_group_id = aws_security_group.brokers.id
  ip_protocol                  = "-1"
}

resource "aws_vpc_security_group_egress_rule" "between" {
  security_group_id            = aws_security_group.brokers.id
  description                  = "Brokers among themselves"
  referenced_security_group_id = aws_security_group.brokers.id
  ip_protocol                  = "-1"
}

resource "aws_cloudwatch_log_group" "brokers" {
  # checkov:skip=CKV_AWS_338: personal data (addresses of clients) is kept for 30 days, as docs say, not for a year

  name              = "/${var.name}/brokers"
  retention_in_days = 30
  kms_key_id        = var.kms_key_arn
}

resource "aws_msk_cluster" "this" {
  cluster_name           = var.name
  kafka_version          = var.kafka_version
  number_of_broker_nodes = 3
  enhanced_monitoring    = "PER_TOPIC_PER_BROKER"

  broker_node_group_info {
    instance_type   = var.broker_type
    client_subnets  = var.subnet_ids
    security_groups = [aws_security_group.brokers.id]

    connectivity_info {
      public_access {
        type = "DISABLED"
      }
    }

    storage_info {
      ebs_storage_info {
        volume_size = var.broker_disk_gb
      }
    }
  }

  client_authentication {
    unauthenticated = false

    sasl {
      iam   = true
      scram = true
    }
  }

  configuration_info {
    arn      = aws_msk_configuration.this.arn
    revision = aws_msk_configuration.this.latest_revision
  }

  encryption_info {
    encryption_at_rest_kms_key_arn = var.kms_key_arn

    encryption_in_transit {
      client_broker = "TLS"
      in_cluster    = true
    }
  }

  open_monitoring {
    prometheus {
      jmx_exporter {
        enabled_in_broker = true
      }
      node_exporter {
        enabled_in_broker = true
      }
    }
  }

  logging_info {
    broker_logs {
      cloudwatch_logs {
        enabled   = true
        log_group = aws_cloudwatch_log_group.brokers.name
      }
    }
  }

  # Amazon's autoscaling of disks only ever adds.
  lifecycle {
    ignore_changes = [broker_node_group_info[0].storage_info[0].ebs_storage_info[0].volume_size]
  }
}

resource "aws_appautoscaling_target" "disks" {
  service_namespace  = "kafka"
  scalable_dimension = "kafka:broker-storage:VolumeSize"
  resource_id        = aws_msk_cluster.this.arn
  min_capacity       = 1
  max_capacity       = var.broker_disk_max_gb
}

resource "aws_appautoscaling_policy" "disks" {
  name               = "${var.name}-disks"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.disks.service_namespace
  scalable_dimension = aws_appautoscaling_target.disks.scalable_dimension
  resource_id        = aws_appautoscaling_target.disks.resource_id

  target_tracking_scaling_policy_configuration {
    target_value     = 60
    disable_scale_in = true

    predefined_metric_specification {
      predefined_metric_type = "KafkaBrokerStorageUtilization"
    }
  }
}

# MSK takes a secret only under a key of one's own, and only with this prefix.
resource "aws_kms_key" "scram" {
  description             = "Kafka's SCRAM credentials"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = jsonencode(local.scram_key_policy)
}

locals {
  scram_key_policy = {
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

resource "aws_secretsmanager_secret" "scram" {
  # checkov:skip=CKV2_AWS_57: a new password is a new generation, as Google's copy must change with it

  name                    = "AmazonMSK_${var.name}-${var.scram_user}"
  description             = "The Flink job's user of Kafka"
  kms_key_id              = aws_kms_key.scram.arn
  recovery_window_in_days = 7
}

resource "aws_secretsmanager_secret_version" "scram" {
  secret_id                = aws_secretsmanager_secret.scram.id
  secret_string_wo         = jsonencode({ username = var.scram_user, password = var.scram_password })
  secret_string_wo_version = var.scram_generation
}

resource "aws_msk_scram_secret_association" "this" {
  cluster_arn     = aws_msk_cluster.this.arn
  secret_arn_list = [aws_secretsmanager_secret.scram.arn]
  depends_on      = [aws_secretsmanager_secret_version.scram]
}

locals {
  of_the_cluster = {
    offline    = { metric = "OfflinePartitionsCount", text = "Partitions without a leader: events are answered 503", above = 0 }
    controller = { metric = "ActiveControllerCount", text = "More than one controller", above = 1 }
  }
  of_a_broker = {
    behind = { metric = "UnderReplicatedPartitions", text = "Replicas are behind: one more and nothing can be written", above = 0 }
    disk   = { metric = "KafkaDataLogsDiskUsed", text = "A broker has used most of its disk, in percent", above = 80 }
  }
  alarms = merge(
    { for key, alarm in local.of_the_cluster : key => merge(alarm, { dimensions = {} }) },
    merge([
      for broker in ["1", "2", "3"] : {
        for key, alarm in local.of_a_broker : "${key}-${broker}" => merge(alarm, { dimensions = { "Broker ID" = broker } })
      }
    ]...),
  )
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-kafka-${each.key}"
  alarm_description   = "${each.value.text}: docs/runbooks/events-answered-503.md"
  namespace           = "AWS/Kafka"
  metric_name         = each.value.metric
  dimensions          = merge({ "Cluster Name" = var.name }, each.value.dimensions)
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.above
  period              = 300
  evaluation_periods  = 3
  alarm_actions       = [var.alerts_topic_arn]
  ok_actions          = [var.alerts_topic_arn]
}
