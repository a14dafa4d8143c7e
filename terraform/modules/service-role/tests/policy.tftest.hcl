mock_provider "aws" {}

variables {
  name              = "ecom-dev-gateway"
  oidc_provider_arn = "arn:aws:iam::111111111111:oidc-provider/issuer.example/id/1"
  oidc_issuer       = "https://issuer.example/id/1"
  namespace         = "ecom"
  service_account   = "gateway"
  statements = {
    read = { actions = ["dynamodb:Query"], resources = ["arn:aws:dynamodb:eu-central-1:111111111111:table/ecom-product-analytics"] }
  }
}

run "one_service_account_and_no_other" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role.this.assume_role_policy) == {
      Version = "2012-10-17"
      Statement = [{
        Effect    = "Allow", Action = "sts:AssumeRoleWithWebIdentity"
        Principal = { Federated = var.oidc_provider_arn }
        Condition = { StringEquals = { "issuer.example/id/1:aud" = "sts.amazonaws.com", "issuer.example/id/1:sub" = "system:serviceaccount:ecom:gateway" } }
      }]
    }
    error_message = "The role is taken by a token of the cluster for that account."
  }
}

run "exactly_what_is_stated" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role_policy.this.policy) == {
      Version = "2012-10-17"
      Statement = [{
        Sid      = "read", Effect = "Allow", Action = ["dynamodb:Query"]
        Resource = ["arn:aws:dynamodb:eu-central-1:111111111111:table/ecom-product-analytics"]
      }]
    }
    error_message = "The policy is the statements."
  }
}

run "a_star_for_an_action_is_refused" {
  command = plan

  variables {
    statements = { all = { actions = ["dynamodb:*"], resources = ["arn:aws:dynamodb:eu-central-1:111111111111:table/a"] } }
  }

  expect_failures = [var.statements]
}

run "a_star_for_a_resource_is_refused" {
  command = plan

  variables {
    statements = { all = { actions = ["dynamodb:Query"], resources = ["*"] } }
  }

  expect_failures = [var.statements]
}

run "a_change_of_whatever_there_is_is_refused" {
  command = plan

  variables {
    unscoped_reads = ["ec2:DeleteVpc"]
  }

  expect_failures = [var.unscoped_reads]
}
