# Kubernetes with private nodes. People and programs get in by access entries, pods to AWS by tokens of the cluster.
resource "aws_iam_role" "cluster" {
  name               = "${var.name}-cluster"
  assume_role_policy = jsonencode(local.trust["eks.amazonaws.com"])
}

resource "aws_iam_role" "nodes" {
  name               = "${var.name}-nodes"
  assume_role_policy = jsonencode(local.trust["ec2.amazonaws.com"])
}

locals {
  trust = {
    for service in ["eks.amazonaws.com", "ec2.amazonaws.com"] : service => {
      Version   = "2012-10-17"
      Statement = [{ Effect = "Allow", Principal = { Service = service }, Action = "sts:AssumeRole" }]
    }
  }
  node_policies = toset(["AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly"])
  issuer        = aws_eks_cluster.this.identity[0].oidc[0].issuer
}

resource "aws_iam_role_policy_attachment" "cluster" {
  role       = aws_iam_role.cluster.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
}

resource "aws_iam_role_policy_attachment" "nodes" {
  for_each = local.node_policies

  role       = aws_iam_role.nodes.name
  policy_arn = "arn:aws:iam::aws:policy/${each.key}"
}

resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_338: personal data (addresses of clients) is kept for 30 days, as docs say, not for a year

  name              = "/aws/eks/${var.name}/cluster"
  retention_in_days = 30
  kms_key_id        = var.kms_key_arn
}

resource "aws_eks_cluster" "this" {
  name                      = var.name
  version                   = var.kubernetes_version
  role_arn                  = aws_iam_role.cluster.arn
  enabled_cluster_log_types = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
  deletion_protection       = var.deletion_protection

  access_config {
    authentication_mode                         = "API"
    bootstrap_cluster_creator_admin_permissions = false
  }

  encryption_config {
    resources = ["secrets"]

    provider {
      key_arn = var.kms_key_arn
    }
  }

  upgrade_policy {
    support_type = "STANDARD"
  }

  vpc_config {
    subnet_ids              = var.subnet_ids
    endpoint_private_access = true
    endpoint_public_access  = length(var.api_cidrs) > 0
    public_access_cidrs     = length(var.api_cidrs) > 0 ? var.api_cidrs : null
  }

  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy_attachment.cluster]
}

resource "aws_eks_access_entry" "admins" {
  for_each = var.admin_role_arns

  cluster_name  = aws_eks_cluster.this.name
  principal_arn = each.key
}

resource "aws_eks_access_policy_association" "admins" {
  for_each = var.admin_role_arns

  cluster_name  = aws_eks_cluster.this.name
  principal_arn = aws_eks_access_entry.admins[each.key].principal_arn
  policy_arn    = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"

  access_scope {
    type = "cluster"
  }
}

data "tls_certificate" "issuer" {
  url = local.issuer
}

resource "aws_iam_openid_connect_provider" "this" {
  url             = local.issuer
  client_id_list  = ["sts.amazonaws.com"]
  thumbprint_list = [data.tls_certificate.issuer.certificates[0].sha1_fingerprint]
}

# Pods cannot ask for the node's role: one hop, and tokens for every answer.
resource "aws_launch_template" "nodes" {
  name_prefix            = "${var.name}-"
  update_default_version = true
  vpc_security_group_ids = [aws_eks_cluster.this.vpc_config[0].cluster_security_group_id, var.services_security_group_id]

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_type           = "gp3"
      volume_size           = var.node_disk_gb
      encrypted             = true
      delete_on_termination = true
    }
  }

  tag_specifications {
    resource_type = "instance"
    tags          = { Name = "${var.name}-node" }
  }
}

resource "aws_eks_node_group" "this" {
  cluster_name    = aws_eks_cluster.this.name
  node_group_name = "${var.name}-general"
  node_role_arn   = aws_iam_role.nodes.arn
  subnet_ids      = var.subnet_ids
  ami_type        = "AL2023_x86_64_STANDARD"
  instance_types  = var.node_types

  launch_template {
    id      = aws_launch_template.nodes.id
    version = aws_launch_template.nodes.latest_version
  }

  scaling_config {
    min_size     = var.nodes.min
    max_size     = var.nodes.max
    desired_size = var.nodes.min
  }

  update_config {
    max_unavailable = 1
  }

  node_repair_config {
    enabled = true
  }

  # The cluster's autoscaler moves it.
  lifecycle {
    ignore_changes = [scaling_config[0].desired_size]
  }

  depends_on = [aws_iam_role_policy_attachment.nodes, aws_eks_addon.network]
}

# The network's plugin must be there before nodes are ready; it keeps to network policies.
resource "aws_eks_addon" "network" {
  cluster_name             = aws_eks_cluster.this.name
  addon_name               = "vpc-cni"
  service_account_role_arn = aws_iam_role.addon["aws-node"].arn
  configuration_values     = jsonencode({ enableNetworkPolicy = "true" })
}

resource "aws_eks_addon" "disks" {
  cluster_name             = aws_eks_cluster.this.name
  addon_name               = "aws-ebs-csi-driver"
  service_account_role_arn = aws_iam_role.addon["ebs-csi-controller-sa"].arn
  configuration_values     = jsonencode({ defaultStorageClass = { enabled = true } }) # claims name no class
  depends_on               = [aws_eks_node_group.this]
}

resource "aws_eks_addon" "others" {
  for_each = toset(["coredns", "kube-proxy"])

  cluster_name = aws_eks_cluster.this.name
  addon_name   = each.key
  depends_on   = [aws_eks_node_group.this]
}

# Amazon's own add-ons with Amazon's own policies; the platform's roles are the module service-role's.
locals {
  addons = {
    aws-node              = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"
    ebs-csi-controller-sa = "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy"
  }
  addon_trust = {
    for account in keys(local.addons) : account => {
      Version = "2012-10-17"
      Statement = [{
        Effect    = "Allow"
        Principal = { Federated = aws_iam_openid_connect_provider.this.arn }
        Action    = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "${trimprefix(local.issuer, "https://")}:aud" = "sts.amazonaws.com"
            "${trimprefix(local.issuer, "https://")}:sub" = "system:serviceaccount:kube-system:${account}"
          }
        }
      }]
    }
  }
}

resource "aws_iam_role" "addon" {
  for_each = local.addons

  name               = "${var.name}-${each.key}"
  assume_role_policy = jsonencode(local.addon_trust[each.key])
}

resource "aws_iam_role_policy_attachment" "addon" {
  for_each = local.addons

  role       = aws_iam_role.addon[each.key].name
  policy_arn = each.value
}
