"""The function as it is called, between a real S3 and SQS server and a shop that a test tells how to behave."""

import csv
import io
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
import urllib3

from local.servers import Moto, free_port
from serverless.product_bulk_import_lambda import handler, shop
from serverless.product_bulk_import_lambda.tests.shop_server import ShopServer

UPLOADS, REPORTS, QUEUE = "ecom-product-uploads", "ecom-import-reports", "ecom-product-imports"
REGION = "eu-central-1"


@dataclass
class Context:
    """What the runtime tells the function about a call of `seconds`."""

    seconds: float = 300
    function_name: str = "product_bulk_import_lambda"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:123456789012:function:product_bulk_import_lambda"
    aws_request_id: str = "a-request"
    begun: float = field(default_factory=time.monotonic)

    def get_remaining_time_in_millis(self) -> int:
        return int(1000 * (self.begun + self.seconds - time.monotonic()))


class Account:
    """The buckets, the queue and the function, as a merchant and an operator see them."""

    def __init__(self, endpoint: str) -> None:
        self.s3 = boto3.client("s3")
        self.sqs = boto3.client("sqs")
        self.secrets = boto3.client("secretsmanager")
        self.queue_url = f"{endpoint}/123456789012/{QUEUE}"

    def provision(self) -> None:
        for bucket in (UPLOADS, REPORTS):
            self.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.s3.put_bucket_versioning(Bucket=UPLOADS, VersioningConfiguration={"Status": "Enabled"})
        self.sqs.create_queue(QueueName=QUEUE)
        self.keep_secret("open sesame")

    def keep_secret(self, secret: str) -> None:
        value = json.dumps({"client_id": "import", "client_secret": secret})
        try:
            self.secrets.create_secret(Name="ecom/test/import-lambda", SecretString=value)
        except self.secrets.exceptions.ResourceExistsException:
            self.secrets.put_secret_value(SecretId="ecom/test/import-lambda", SecretString=value)

    def upload(self, content: bytes | str, key: str = "products.csv") -> str:
        """Put a file into the bucket; its version."""
        body = content.encode() if isinstance(content, str) else content
        return self.s3.put_object(Bucket=UPLOADS, Key=key, Body=body)["VersionId"]

    def notification(self, version: str, key: str = "products.csv") -> dict[str, Any]:
        stored = {"bucket": {"name": UPLOADS}, "object": {"key": key, "versionId": version}}
        return {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": stored}]}

    def call(self, version: str, key: str = "products.csv", *, seconds: float = 300) -> None:
        """The function is called by S3 itself."""
        handler.handle(self.notification(version, key), Context(seconds))

    def imported(self, content: bytes | str, key: str = "products.csv") -> dict[str, Any]:
        """The report on a file that was uploaded and imported."""
        version = self.upload(content, key)
        self.call(version, key)
        return self.report(version, key)

    def report(self, version: str, key: str = "products.csv") -> dict[str, Any]:
        stored = self.s3.get_object(Bucket=REPORTS, Key=f"reports/{key}/{version}.json")
        return json.loads(stored["Body"].read())

    def errors(self, report: dict[str, Any]) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.error_file(report).decode("utf-8-sig"), newline="")))

    def error_file(self, report: dict[str, Any]) -> bytes:
        return self.s3.get_object(Bucket=REPORTS, Key=report["errors_key"])["Body"].read()

    def continuations(self) -> list[dict[str, Any]]:
        """The messages in the queue, taken out of it."""
        taken = []
        while messages := self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                taken.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return taken


@pytest.fixture(scope="package")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    with Moto(tmp_path_factory.mktemp("moto"), free_port()) as server:
        yield server


@pytest.fixture(scope="package")
def shop_server() -> Iterator[ShopServer]:
    with ShopServer() as server:
        yield server


@pytest.fixture(scope="package")
def configured(moto: Moto, shop_server: ShopServer) -> Iterator[Account]:
    """The function's environment; its clients are made once, as in a process that lives on."""
    variables = {
        "AWS_ENDPOINT_URL": moto.endpoint,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": REGION,
        "ECOM_GATEWAY_URL": shop_server.url,
        "ECOM_IMPORT_SECRET": "ecom/test/import-lambda",
        "ECOM_REPORTS_BUCKET": REPORTS,
        "ECOM_IMPORT_QUEUE_URL": f"{moto.endpoint}/123456789012/{QUEUE}",
    }
    with pytest.MonkeyPatch.context() as environment:
        for name, value in variables.items():
            environment.setenv(name, value)
        environment.setattr(shop, "FIRST_WAIT_SECONDS", 0.02)
        yield Account(moto.endpoint)


@pytest.fixture
def account(configured: Account, moto: Moto, shop_server: ShopServer) -> Account:
    """Empty buckets, a shop without products, and a function without a token."""
    urllib3.request("POST", f"{moto.endpoint}/moto-api/reset")
    shop_server.forget()
    handler._shop.cache_clear()
    configured.provision()
    return configured
