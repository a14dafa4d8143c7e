mock_provider "aws" {
  mock_resource "aws_db_instance" {
    defaults = { arn = "arn:aws:rds:eu-central-1:111111111111:db:ecom-production", master_user_secret = [{ secret_arn = "arn", kms_key_id = "key", secret_status = "active" }] }
  }
}

variables {
  name                      = "ecom-production"
  account_id                = "111111111111"
  instance_class            = "db.r7g.xlarge"
  disk_gb                   = 200
  disk_max_gb               = 1000
  multi_az                  = true
  backup_days               = 35
  backup_region             = "eu-west-1"
  deletion_protection       = true
  max_connections           = 800
  vpc_id                    = "vpc-1"
  subnet_ids                = ["subnet-a", "subnet-b", "subnet-c"]
  clients_security_group_id = "sg-clients"
  kms_key_arn               = "arn:aws:kms:eu-central-1:111111111111:key/1"
  alerts_topic_arn          = "arn:aws:sns:eu-central-1:111111111111:alerts"
}

run "the_server_is_private_and_encrypted" {
  command = plan

  assert {
    condition     = aws_db_instance.this.storage_encrypted && aws_db_instance.this.kms_key_id == var.kms_key_arn
    error_message = "Disk and backups are under the environment's key."
  }
  assert {
    condition     = !aws_db_instance.this.publicly_accessible
    error_message = "The server has no public address."
  }
  assert {
    condition     = contains([for parameter in aws_db_parameter_group.this.parameter : "${parameter.name}=${parameter.value}"], "rds.force_ssl=1")
    error_message = "Connections are TLS."
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.clients.cidr_ipv4 == null && aws_vpc_security_group_ingress_rule.clients.referenced_security_group_id == "sg-clients" && aws_vpc_security_group_ingress_rule.clients.to_port == 5432
    error_message = "Services are let in, no addresses."
  }
  assert {
    condition     = aws_db_instance.this.manage_master_user_password && aws_db_instance.this.password == null
    error_message = "The server's own password is Amazon's to keep."
  }
}

run "nothing_is_lost_by_one_mistake" {
  command = plan

  assert {
    condition     = aws_db_instance.this.deletion_protection && !aws_db_instance.this.skip_final_snapshot && aws_db_instance.this.backup_retention_period == 35
    error_message = "The server is not deleted by mistake, and can be restored to any second of 35 days."
  }
  assert {
    condition     = aws_db_instance_automated_backups_replication.elsewhere[0].region == "eu-west-1" && aws_kms_key.elsewhere[0].region == "eu-west-1"
    error_message = "Another region has the backups."
  }
  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.this)) == toset(["disk", "cpu", "connections"])
    error_message = "Disk, processor and connections have alarms."
  }
}

run "a_server_without_backups_is_refused" {
  command = plan

  variables {
    backup_days = 0
  }

  expect_failures = [var.backup_days]
}
