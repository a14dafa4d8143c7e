mock_provider "aws" {
  mock_resource "aws_iam_openid_connect_provider" {
    defaults = { arn = "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com" }
  }
}

variables {
  name          = "ecom-dev-images"
  repository    = "example/ecom-platform"
  branch        = "main"
  registry_arns = ["arn:aws:ecr:eu-central-1:111111111111:repository/ecom", "arn:aws:ecr:eu-central-1:111111111111:repository/ecom-streaming"]
}

run "one_branch_of_one_repository_and_no_other" {
  assert {
    condition = one(jsondecode(aws_iam_role.this.assume_role_policy).Statement) == {
      Effect    = "Allow", Action = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com" }
      Condition = {
        StringEquals = {
          "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
          "token.actions.githubusercontent.com:sub" = "repo:example/ecom-platform:ref:refs/heads/main"
        }
      }
    }
    error_message = "Audience, repository and branch are equal, not alike."
  }
}

run "it_pushes_to_its_registries_alone" {
  assert {
    condition = jsonencode({ for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Sid => [statement.Action, statement.Resource] }) == jsonencode({
      PushImages = [
        ["ecr:BatchCheckLayerAvailability", "ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"],
        var.registry_arns,
      ]
      SignAndListWhatWasPushed = [["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], var.registry_arns]
      SignIn                   = [["ecr:GetAuthorizationToken"], ["*"]]
    })
    error_message = "Nothing more and nothing less: it deletes nothing and makes no registry."
  }
}

run "a_pattern_of_repositories_is_refused" {
  command = plan

  variables {
    repository = "example/*"
  }

  expect_failures = [var.repository]
}

run "a_pattern_of_branches_is_refused" {
  command = plan

  variables {
    branch = "*"
  }

  expect_failures = [var.branch]
}
