mock_provider "aws" {}

variables {
  name        = "ecom"
  kms_key_arn = "arn:aws:kms:eu-central-1:111111111111:key/1"
  kept_images = 50
}

run "a_tag_is_one_image_for_ever" {
  command = plan

  assert {
    condition     = aws_ecr_repository.this.image_tag_mutability == "IMMUTABLE" && aws_ecr_repository.this.image_scanning_configuration[0].scan_on_push
    error_message = "Tags do not move, and images are scanned."
  }
  assert {
    condition     = aws_ecr_repository.this.encryption_configuration[0].kms_key == var.kms_key_arn
    error_message = "Images are under the environment's key."
  }
}
