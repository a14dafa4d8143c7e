mock_provider "aws" {}

variables {
  name      = "ecom"
  directory = "../../../ecom/contracts/schemas"
}

run "every_release_is_a_schema_that_is_not_changed" {
  command = plan

  assert {
    condition     = toset(values(output.schemas)) == fileset(var.directory, "*/v*.json") && length(setintersection(["raw-event-v1.0", "raw-event-v1.1"], keys(output.schemas))) == 2
    error_message = "Schemas are the contracts' releases, all of them."
  }
  assert {
    condition     = alltrue([for name, schema in aws_glue_schema.this : schema.compatibility == "FULL_ALL" && schema.data_format == "JSON" && schema.schema_definition == file("${var.directory}/${output.schemas[name]}")])
    error_message = "Each is mirrored as it was released, and Glue lets only what is compatible in all directions follow it."
  }
}
