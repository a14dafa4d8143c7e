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
  scram_password            = "secret"
  scram_generation          = 1
  alerts_topic_arn          = "arn:aws:sns:eu-central-1:111111111111:alerts"
}

provider "aws" {
  region = "eu-central-1"
}

run "only_tls_and_only_who_says_who_it_is" {
  command = plan

  assert {
    condition     = aws_msk_cluster.this.encryption_info[0].encryption_in_transit[0].client_broker == "TLS"
    error_message = "Clients speak TLS alone."
  }
}
