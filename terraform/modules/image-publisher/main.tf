# Who may put images into the registries: a workflow on one branch of one repository at GitHub, by GitHub's tokens, so that
# no key is kept there.
resource "aws_iam_openid_connect_provider" "github" {
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

locals {
  trust = {
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = aws_iam_openid_connect_provider.github.arn }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
          "token.actions.githubusercontent.com:sub" = "repo:${var.repository}:ref:refs/heads/${var.branch}"
        }
      }
    }]
  }
  policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "PushImages"
        Effect = "Allow"
        Action = [
          "ecr:BatchCheckLayerAvailability", "ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage",
          "ecr:UploadLayerPart",
        ]
        Resource = var.registry_arns
      },
      {
        Sid      = "SignAndListWhatWasPushed"
        Effect   = "Allow"
        Action   = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = var.registry_arns
      },
      {
        Sid      = "SignIn" # AWS has no resource to bound it by
        Effect   = "Allow"
        Action   = ["ecr:GetAuthorizationToken"]
        Resource = ["*"]
      },
    ]
  }
}

resource "aws_iam_role" "this" {
  name                 = var.name
  description          = "Pushes images from ${var.repository}, branch ${var.branch}"
  assume_role_policy   = jsonencode(local.trust)
  max_session_duration = 3600
}

resource "aws_iam_role_policy" "this" {
  name   = "allowed"
  role   = aws_iam_role.this.id
  policy = jsonencode(local.policy)
}
