# A role of AWS for one service account of Google, without a key. For tokens of accounts.google.com AWS compares `aud`
# with the token's `azp`, which for a service account is its unique id like `sub`, and `oaud` with the token's `aud`.
locals {
  trust = {
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "accounts.google.com" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "accounts.google.com:aud"  = var.service_account_unique_id
          "accounts.google.com:oaud" = var.audience
          "accounts.google.com:sub"  = var.service_account_unique_id
        }
      }
    }]
  }
  policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "WriteWindows"
        Effect   = "Allow"
        Action   = ["dynamodb:BatchWriteItem", "dynamodb:DescribeTable"]
        Resource = var.table_arns
      },
      {
        Sid       = "TheTablesKey"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = [var.kms_key_arn]
        Condition = { StringEquals = { "kms:ViaService" = "dynamodb.${var.region}.amazonaws.com" } }
      },
    ]
  }
}

resource "aws_iam_role" "this" {
  name                 = var.name
  description          = "The Flink job's nodes on Google Cloud"
  assume_role_policy   = jsonencode(local.trust)
  max_session_duration = 3600
}

resource "aws_iam_role_policy" "this" {
  name   = "allowed"
  role   = aws_iam_role.this.id
  policy = jsonencode(local.policy)
}
