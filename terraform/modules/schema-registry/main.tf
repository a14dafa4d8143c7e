# The mirror of ecom/contracts/schemas that other teams read. The gate is the check in CI; this follows it.
locals {
  schemas = {
    for file in fileset(var.directory, "*/v*.json") : trimsuffix(replace(file, "/", "-"), ".json") => file
  }
}

resource "aws_glue_registry" "this" {
  registry_name = var.name
  description   = "Events that cross a process boundary; released from ecom/contracts/schemas"
}

resource "aws_glue_schema" "this" {
  for_each = local.schemas

  registry_arn = aws_glue_registry.this.arn
  schema_name  = each.key
  data_format  = "JSON"
  # What is released is never changed, and each release is a schema: Glue would refuse a new optional field in a second
  # version, which is the one change that ours have (ADR 18).
  compatibility     = "FULL_ALL"
  schema_definition = file("${var.directory}/${each.value}")
}
