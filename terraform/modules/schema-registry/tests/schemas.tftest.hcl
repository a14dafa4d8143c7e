mock_provider "aws" {}

variables {
  name      = "ecom"
  directory = "../../../ecom/contracts/schemas"
}

run "every_major_is_a_schema_and_its_newest_minor_the_version" {
  command = plan

  assert {
    condition     = alltrue([for name, file in output.schemas : fileexists("${var.directory}/${file}")]) && contains(keys(output.schemas), "raw-event-v1")
    error_message = "Schemas are those of the contracts."
  }
  assert {
    condition     = toset([for file in fileset(var.directory, "*/v*.json") : dirname(file)]) == toset([for name, file in output.schemas : dirname(file)])
    error_message = "No event is left out."
  }
  assert {
    condition     = alltrue([for name, schema in aws_glue_schema.this : schema.compatibility == "NONE" && schema.data_format == "JSON" && schema.schema_definition == file("${var.directory}/${output.schemas[name]}")])
    error_message = "Each is mirrored as it was released, and Glue does not judge it."
  }
}
