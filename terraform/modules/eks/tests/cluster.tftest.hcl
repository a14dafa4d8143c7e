mock_provider "aws" {
  mock_resource "aws_eks_cluster" {
    defaults = {
      identity              = [{ oidc = [{ issuer = "https://issuer.example/id/1" }] }]
      certificate_authority = [{ data = "Y2VydA==" }]
    }
  }
}
mock_provider "tls" {
  mock_data "tls_certificate" {
    defaults = { certificates = [{ sha1_fingerprint = "0000000000000000000000000000000000000000", cert_pem = "", is_ca = true, issuer = "", max_path_length = 0, not_after = "", not_before = "", public_key_algorithm = "", serial_number = "", signature_algorithm = "", subject = "", version = 3 }] }
  }
}

variables {
  name                       = "ecom-dev"
  kubernetes_version         = "1.35"
  subnet_ids                 = ["subnet-a", "subnet-b", "subnet-c"]
  services_security_group_id = "sg-clients"
  api_cidrs                  = ["203.0.113.0/24"]
  nodes                      = { min = 2, max = 5 }
  node_types                 = ["t3.large"]
  node_disk_gb               = 50
  admin_role_arns            = ["arn:aws:iam::111111111111:role/administrators"]
  deletion_protection        = true
  kms_key_arn                = "arn:aws:kms:eu-central-1:111111111111:key/1"
}

run "nodes_are_private_encrypted_and_keep_their_role" {
  command = plan

  assert {
    condition     = tobool(aws_launch_template.nodes.block_device_mappings[0].ebs[0].encrypted)
    error_message = "The nodes' disks are encrypted."
  }
  assert {
    condition     = aws_launch_template.nodes.metadata_options[0].http_tokens == "required" && aws_launch_template.nodes.metadata_options[0].http_put_response_hop_limit == 1
    error_message = "Pods do not get the node's role from its metadata."
  }
  assert {
    condition     = length(aws_launch_template.nodes.network_interfaces) == 0 && aws_eks_node_group.this.subnet_ids == toset(var.subnet_ids)
    error_message = "Nodes are in the private subnets and get no public address."
  }
}

run "the_control_plane_is_for_its_people" {
  command = plan

  assert {
    condition     = aws_eks_cluster.this.encryption_config[0].resources == toset(["secrets"]) && aws_eks_cluster.this.encryption_config[0].provider[0].key_arn == var.kms_key_arn
    error_message = "Kubernetes' secrets are under the environment's key."
  }
  assert {
    condition     = aws_eks_cluster.this.access_config[0].authentication_mode == "API" && !aws_eks_cluster.this.access_config[0].bootstrap_cluster_creator_admin_permissions
    error_message = "Whoever made the cluster is not its administrator for ever."
  }
  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_private_access && aws_eks_cluster.this.vpc_config[0].public_access_cidrs == toset(["203.0.113.0/24"])
    error_message = "The API answers the named addresses alone."
  }
  assert {
    condition     = length(aws_eks_cluster.this.enabled_cluster_log_types) == 5
    error_message = "All logs of the control plane are kept."
  }
  assert {
    condition     = jsondecode(aws_eks_addon.network.configuration_values).enableNetworkPolicy == "true"
    error_message = "Network policies are enforced."
  }
}

run "a_claim_without_a_class_gets_a_disk" {
  command = plan

  assert {
    condition     = jsondecode(aws_eks_addon.disks.configuration_values).defaultStorageClass.enabled
    error_message = "There is a default class."
  }
}

run "an_api_for_everybody_is_refused" {
  command = plan

  variables {
    api_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.api_cidrs]
}
