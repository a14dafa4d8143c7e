mock_provider "aws" {}

variables {
  name            = "ecom-dev-product-uploads"
  kms_key_arn     = "arn:aws:kms:eu-central-1:111111111111:key/1"
  expire_days     = 90
  noncurrent_days = 30
}

run "nobody_outside_sees_it" {
  command = plan

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls, aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls, aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "All four blocks of public access are on."
  }
  assert {
    condition     = aws_s3_bucket_ownership_controls.this.rule[0].object_ownership == "BucketOwnerEnforced"
    error_message = "There are no access lists."
  }
  assert {
    condition     = alltrue([for statement in local.policy.Statement : statement.Effect == "Deny"])
    error_message = "The bucket's policy only denies."
  }
  assert {
    condition     = one(local.policy.Statement).Condition == { Bool = { "aws:SecureTransport" = "false" } }
    error_message = "What comes without TLS is refused."
  }
}

run "objects_are_encrypted_and_kept_for_their_time" {
  command = plan

  assert {
    condition = alltrue([
      for rule in aws_s3_bucket_server_side_encryption_configuration.this.rule :
      rule.apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms" && rule.apply_server_side_encryption_by_default[0].kms_master_key_id == var.kms_key_arn
    ])
    error_message = "Objects are under the environment's key."
  }
  assert {
    condition     = aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled"
    error_message = "An overwritten object can be had back."
  }
  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.this.rule[0].expiration[0].days == 90 && aws_s3_bucket_lifecycle_configuration.this.rule[0].noncurrent_version_expiration[0].noncurrent_days == 30
    error_message = "Objects and their old versions end."
  }
}

run "what_is_needed_for_days_alone_ends_sooner" {
  command = plan

  variables {
    expire_days_below = { "parts/" = 7 }
  }

  assert {
    condition = one([
      for rule in aws_s3_bucket_lifecycle_configuration.this.rule : [rule.filter[0].prefix, rule.expiration[0].days, rule.status]
      if rule.id == "end-parts"
    ]) == ["parts/", 7, "Enabled"]
    error_message = "A prefix has its own days."
  }
}
