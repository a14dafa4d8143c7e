# The AWS role of one Kubernetes service account: exactly the stated actions on exactly the stated resources.
locals {
  issuer = trimprefix(var.oidc_issuer, "https://")
  trust = {
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = var.oidc_provider_arn }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "${local.issuer}:aud" = "sts.amazonaws.com"
          "${local.issuer}:sub" = "system:serviceaccount:${var.namespace}:${var.service_account}"
        }
      }
    }]
  }
  scoped = [
    for sid, statement in var.statements : merge(
      { Sid = sid, Effect = "Allow", Action = statement.actions, Resource = statement.resources },
      statement.condition == null ? {} : { Condition = statement.condition },
    )
  ]
  # Calls that AWS cannot bound by a resource.
  unscoped = length(var.unscoped_reads) == 0 ? [] : [
    { Sid = "Unscoped", Effect = "Allow", Action = var.unscoped_reads, Resource = ["*"] }
  ]
  policy = { Version = "2012-10-17", Statement = concat(local.scoped, local.unscoped) }
}

resource "aws_iam_role" "this" {
  name                 = var.name
  description          = "Service account ${var.service_account} in ${var.namespace}"
  assume_role_policy   = jsonencode(local.trust)
  max_session_duration = 3600
}

resource "aws_iam_role_policy" "this" {
  name   = "allowed"
  role   = aws_iam_role.this.id
  policy = jsonencode(local.policy)
}
