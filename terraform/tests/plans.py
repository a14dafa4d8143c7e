"""Plans of stacks for an account of our own, without a cloud and without credentials."""

from pathlib import Path
from typing import Any

from ecom.services import SERVICES
from terraform.tests.tool import copied, planned

ACCOUNT = "123456789012"
PROVIDERS = """
provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

provider "google" {
  project      = "ecom-dev-example"
  access_token = "none"
}

module "values" {
  source = "../terraform/environments/dev/values"
}
"""
DATA = f"""
module "data" {{
  source = "../terraform/stacks/data"

  environment                = merge(module.values.environment, {{ aws_account_id = "{ACCOUNT}" }})
  kafka                      = module.values.data.kafka
  postgres                   = module.values.data.postgres
  tables                     = module.values.data.tables
  alert_emails               = module.values.data.alert_emails
  deletion_protection        = module.values.deletion_protection
  secrets_generation         = module.values.data.secrets_generation
  mail_url                   = "smtp://mail.invalid:587"
  schemas_directory          = "../ecom/contracts/schemas"
  import_package             = "../function.zip"
  kms_key_arn                = "arn:aws:kms:eu-central-1:{ACCOUNT}:key/1"
  vpc_id                     = "vpc-1"
  private_subnet_ids         = ["subnet-a", "subnet-b", "subnet-c"]
  services_security_group_id = "sg-services"
  nodes_service_account      = {{ email = "nodes@example", name = "nodes", unique_id = "123456789012345678901" }}
}}
"""

CLUSTER = f"""
module "cluster" {{
  source = "../terraform/stacks/cluster"

  environment                = merge(module.values.environment, {{ aws_account_id = "{ACCOUNT}" }})
  kubernetes                 = module.values.cluster.kubernetes
  flink                      = module.values.cluster.flink
  image_publisher            = module.values.cluster.image_publisher
  deletion_protection        = module.values.deletion_protection
  kms_key_arn                = "arn:aws:kms:eu-central-1:{ACCOUNT}:key/1"
  vpc_id                     = "vpc-1"
  private_subnet_ids         = ["subnet-a", "subnet-b", "subnet-c"]
  services_security_group_id = "sg-services"
  zone_id                    = "Z1"
  waf_arn                    = "arn:aws:wafv2:eu-central-1:{ACCOUNT}:regional/webacl/ecom-dev/1"
  google_subnetwork          = "subnetwork"
  nodes_service_account      = {{ email = "nodes@example", name = "nodes", unique_id = "123456789012345678901" }}
  kafka = {{
    arn  = "arn:aws:kafka:eu-central-1:{ACCOUNT}:cluster/ecom-dev/uuid-1"
    name = "ecom-dev"

    scram_secret_arn = "arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:AmazonMSK_ecom-dev-flink-abcdef"
    scram_key_arn    = "arn:aws:kms:eu-central-1:{ACCOUNT}:key/2"
  }}
  postgres_admin_secret_arn  = "arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:rds!db-1"
  flink_role_arn             = "arn:aws:iam::{ACCOUNT}:role/ecom-dev-dataproc"
  flink_token_audience       = "ecom-dev"

  table_arns = {{
    for table in ["ecom-product-analytics", "ecom-trending-products"] :
    table => "arn:aws:dynamodb:eu-central-1:{ACCOUNT}:table/${{table}}"
  }}
  bucket_names = {{
    for bucket in ["product-uploads", "import-reports", "static"] : bucket => "ecom-dev-${{bucket}}"
  }}
  task_queue_arns = {{
    for context in ["customers", "catalog", "orders"] :
    context => "arn:aws:sqs:eu-central-1:{ACCOUNT}:ecom-${{context}}"
  }}
  secret_arns = {{
    for service in [{", ".join(f'"{name}"' for name in (*SERVICES, "monitoring", "notifications"))}] :
    service => "arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:ecom/dev/${{service}}-??????"
  }}
}}
"""


class Planned:
    """The resources that the call of a stack declares."""

    def __init__(self, directory: Path, call: str) -> None:
        copied(directory)
        (directory / "function.zip").write_bytes(b"built by make lambda")
        root = directory / "root"
        root.mkdir()
        (root / "main.tf").write_text(PROVIDERS + call)
        self._resources = planned(root, {})

    def all(self, kind: str, below: str = "") -> list[dict[str, Any]]:
        """The values of the resources of a type, in modules whose address has a text."""
        return [each["values"] for each in self._resources if each["type"] == kind and below in each["address"]]

    def one(self, kind: str, below: str = "") -> dict[str, Any]:
        """The values of the one such resource."""
        (found,) = self.all(kind, below)
        return found
