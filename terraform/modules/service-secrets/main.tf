# One secret a service: a JSON object whose keys are names of environment variables. Values are written when the
# generation is raised, and are in no state; what operators change in between (docs/runbooks) stays.
resource "aws_secretsmanager_secret" "this" {
  # checkov:skip=CKV2_AWS_57: services read their secret at the start; docs/runbooks/change-the-token-keys.md changes them without a gap

  for_each = var.services

  name                    = "${var.prefix}/${each.key}"
  description             = "Environment of ${each.key}"
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.recovery_days
}

resource "aws_secretsmanager_secret_version" "this" {
  for_each = var.services

  secret_id = aws_secretsmanager_secret.this[each.key].id
  secret_string_wo = jsonencode(merge(
    contains(var.verifiers, each.key) ? { ECOM_TOKEN_KEYS = jsonencode(local.key_set) } : {},
    var.values[each.key],
  ))
  secret_string_wo_version = var.generation
}
