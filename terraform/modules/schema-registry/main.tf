# The mirror of ecom/contracts/schemas that other teams read. The gate is the check in CI; this follows it.
locals {
  files = fileset(var.directory, "*/v*.json")
  # A schema is a major; a new minor is a new version of it.
  majors = {
    for file in local.files :
    "${dirname(file)}-v${regex("/v([0-9]+)\\.", file)[0]}" => tonumber(regex("\\.([0-9]+)\\.json$", file)[0])...
  }
  newest = {
    for name, minors in local.majors :
    name => "${replace(name, "/-v([0-9]+)$/", "/v$1")}.${max(minors...)}.json"
  }
}

resource "aws_glue_registry" "this" {
  registry_name = var.name
  description   = "Events that cross a process boundary; released from ecom/contracts/schemas"
}

resource "aws_glue_schema" "this" {
  for_each = local.newest

  registry_arn = aws_glue_registry.this.arn
  schema_name  = each.key
  data_format  = "JSON"
  # Glue refuses a new optional field in an open schema, which is the one change that ours have, and the provider does not
  # tell that it was refused. What is compatible, CI has decided (ADR 18).
  compatibility     = "NONE"
  schema_definition = file("${var.directory}/${each.value}")
}
