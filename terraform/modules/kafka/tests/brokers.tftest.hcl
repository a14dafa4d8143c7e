mock_provider "aws" {}

variables {
  name                      = "ecom-dev"
  account_id                = "111111111111"
  broker_type               = "kafka.t3.small"
  broker_disk_gb            = 50
  broker_disk_max_gb        = 200
  vpc_id                    = "vpc-1"
  subnet_ids                = ["subnet-a", "subnet-b", "subnet-c"]
  clients_security_group_id = "sg-clients"
  kms_key_arn               = "arn:aws:kms:eu-central-1:111111111111:key/1"
  scram_user                = "flink"
  scram_password            = "secret"
  scram_generation          = 1
  alerts_topic_arn          = "arn:aws:sns:eu-central-1:111111111111:alerts"
}

run "kafka_is_encrypted_and_knows_its_clients" {
  command = plan

  assert {
    condition     = aws_msk_cluster.this.encryption_info[0].encryption_in_transit[0].client_broker == "TLS" && aws_msk_cluster.this.encryption_info[0].encryption_in_transit[0].in_cluster
    error_message = "All traffic is TLS."
  }
  assert {
    condition     = aws_msk_cluster.this.encryption_info[0].encryption_at_rest_kms_key_arn == var.kms_key_arn
    error_message = "The disks are under the environment's key."
  }
  assert {
    condition     = !aws_msk_cluster.this.client_authentication[0].unauthenticated
    error_message = "Nobody comes without a name."
  }
  assert {
    condition     = aws_msk_cluster.this.client_authentication[0].sasl[0].iam && aws_msk_cluster.this.client_authentication[0].sasl[0].scram
    error_message = "AWS comes by IAM, Google by SCRAM."
  }
  assert {
    condition     = aws_msk_cluster.this.broker_node_group_info[0].connectivity_info[0].public_access[0].type == "DISABLED"
    error_message = "The brokers have no public addresses."
  }
}

run "what_was_acknowledged_survives_a_broker" {
  command = plan

  assert {
    condition     = aws_msk_cluster.this.number_of_broker_nodes == 3
    error_message = "There are three brokers."
  }
  assert {
    condition = toset(split("\n", aws_msk_configuration.this.server_properties)) == toset([
      "allow.everyone.if.no.acl.found=false", "auto.create.topics.enable=false", "default.replication.factor=3",
      "log.retention.hours=168", "min.insync.replicas=2", "unclean.leader.election.enable=false",
    ])
    error_message = "Two replicas of three acknowledge, nobody is allowed by default, no topic appears by itself."
  }
}

run "the_credentials_of_scram_are_as_msk_wants_them" {
  command = plan

  assert {
    condition     = startswith(aws_secretsmanager_secret.scram.name, "AmazonMSK_") && aws_kms_key.scram.enable_key_rotation
    error_message = "The secret has MSK's prefix and a key of its own."
  }
  assert {
    condition     = aws_secretsmanager_secret_version.scram.secret_string == null && aws_secretsmanager_secret_version.scram.secret_string_wo_version == 1
    error_message = "The password is written and kept in no state."
  }
}

run "only_clients_prometheus_and_brokers_reach_the_brokers" {
  command = plan

  assert {
    condition = alltrue([
      for rule in [aws_vpc_security_group_ingress_rule.iam, aws_vpc_security_group_ingress_rule.scram, aws_vpc_security_group_ingress_rule.monitoring, aws_vpc_security_group_ingress_rule.between] :
      rule.cidr_ipv4 == null && rule.cidr_ipv6 == null
    ])
    error_message = "Groups are let in, no addresses."
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.iam.from_port == 9098 && aws_vpc_security_group_ingress_rule.iam.to_port == 9098
    error_message = "Clients in AWS have the port of IAM."
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.scram.from_port == 9096 && aws_vpc_security_group_ingress_rule.scram.to_port == 9096
    error_message = "The job's command line has the port of SCRAM."
  }
  assert {
    condition     = aws_msk_cluster.this.open_monitoring[0].prometheus[0].jmx_exporter[0].enabled_in_broker && aws_vpc_security_group_ingress_rule.monitoring.from_port == 11001
    error_message = "Open monitoring is on and reachable."
  }
}

run "somebody_hears_of_it" {
  command = plan

  assert {
    condition = toset(keys(aws_cloudwatch_metric_alarm.this)) == toset([
      "offline", "controller", "behind-1", "behind-2", "behind-3", "disk-1", "disk-2", "disk-3",
    ])
    error_message = "There are alarms for the cluster and for each broker."
  }
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_actions == toset([var.alerts_topic_arn])])
    error_message = "Every alarm goes to the topic."
  }
}
