"""The import function on what Terraform declares: the plan is made in the embedded AWS, with the role's rights."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
import urllib3

from local.function_package import PACKAGE
from local.import_function import FUNCTION, HANDLER, LocalFunction
from local.provision import IMPORT_ACCOUNT, IMPORT_QUEUE, RECEIVES
from local.servers import Moto, free_port
from serverless.product_bulk_import_lambda.configuration import Configuration
from serverless.product_bulk_import_lambda.tests.shop_server import ShopServer
from terraform.tests.plans import ACCOUNT, DATA, Planned
from terraform.tests.tool import TERRAFORM

REGION = "eu-central-1"
WITHOUT_LIMIT = 10_000_000


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Planned:
    return Planned(tmp_path_factory.mktemp("plan"), DATA)


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    with Moto(tmp_path_factory.mktemp("moto"), free_port()) as server:
        yield server


class Account:
    """An account of AWS in which the plan has been applied, as an administrator sees it."""

    def __init__(self, moto: Moto, plan: Planned) -> None:
        self.moto, self.plan = moto, plan
        self.session = boto3.Session("admin", "admin", region_name=REGION)
        self.function = plan.one("aws_lambda_function")
        self.uploads = plan.one("aws_s3_bucket_notification")["bucket"]

    def client(self, name: str) -> Any:
        return self.session.client(name, endpoint_url=self.moto.endpoint)

    def apply(self) -> None:
        """Make what the plan has: buckets, queues, notification, secret, role."""
        self._make_buckets()
        self._make_queues()
        told = self.plan.one("aws_s3_bucket_notification")
        queues = [{"QueueArn": queue["queue_arn"], "Events": queue["events"]} for queue in told["queue"]]
        self.client("s3").put_bucket_notification_configuration(
            Bucket=told["bucket"], NotificationConfiguration={"QueueConfigurations": queues}
        )
        secret = json.dumps({"client_id": IMPORT_ACCOUNT.client_id, "client_secret": "open sesame"})
        for declared in self.plan.all("aws_secretsmanager_secret", "import-lambda"):
            self.client("secretsmanager").create_secret(Name=declared["name"], SecretString=secret)

    def _make_buckets(self) -> None:
        for index, bucket in enumerate(self.plan.all("aws_s3_bucket")):
            self.client("s3").create_bucket(
                Bucket=bucket["bucket"], CreateBucketConfiguration={"LocationConstraint": REGION}
            )
            versioning = self.plan.all("aws_s3_bucket_versioning")[index]["versioning_configuration"]
            self.client("s3").put_bucket_versioning(
                Bucket=bucket["bucket"], VersioningConfiguration={"Status": versioning[0]["status"]}
            )

    def _make_queues(self) -> None:
        declared = self.plan.all("aws_sqs_queue", "import_function")
        for queue in sorted(declared, key=lambda each: bool(each.get("redrive_policy"))):  # dead letters first
            attributes = {"VisibilityTimeout": str(queue.get("visibility_timeout_seconds") or 30)}
            if queue.get("redrive_policy"):
                attributes["RedrivePolicy"] = queue["redrive_policy"]
            self.client("sqs").create_queue(QueueName=queue["name"], Attributes=attributes)

    def keys_of_the_role(self, *, without: str) -> dict[str, str]:
        """Keys that may do what the declared role may, but for one statement: moto checks rights of a user's keys."""
        iam = self.client("iam")
        iam.create_user(UserName="function")
        policy = json.loads(self.plan.one("aws_iam_role_policy", "import_function")["policy"])
        policy["Statement"] = [each for each in policy["Statement"] if each["Sid"] != without]
        for statement in policy["Statement"]:
            if not statement["Action"][0].startswith("s3:"):
                statement["Resource"] = "*"  # moto knows the resource of a call to S3 alone
        iam.put_user_policy(UserName="function", PolicyName="allowed", PolicyDocument=json.dumps(policy))
        keys = iam.create_access_key(UserName="function")["AccessKey"]
        return {"AWS_ACCESS_KEY_ID": keys["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"]}

    @contextmanager
    def rights_are_checked(self) -> Iterator[None]:
        """Meanwhile moto refuses what no policy allows."""
        address = f"{self.moto.endpoint}/moto-api/reset-auth"
        urllib3.request("POST", address, body=b"0")
        yield
        urllib3.request("POST", address, body=str(WITHOUT_LIMIT).encode())

    def messages(self) -> list[dict[str, Any]]:
        """What the event source mapping would give the function: S3's test event, and that of an upload."""
        queue = self.plan.one("aws_lambda_event_source_mapping")["event_source_arn"].rpartition(":")[2]
        sqs = self.client("sqs")
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        received = [sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"][0] for _ in range(2)]
        return [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": {},
                "eventSource": "aws:sqs",
            }
            for message in received
        ]

    def upload(self, content: bytes) -> str:
        """The version of a new file."""
        put = self.client("s3").put_object(Bucket=self.uploads, Key="new.csv", Body=content)
        return str(put["VersionId"])

    def failures_of_the_function(self, shop: ShopServer, keys: dict[str, str]) -> list[int]:
        """How many messages failed of each call."""
        messages = self.messages()
        with self.rights_are_checked(), LocalFunction(self.environment(shop) | keys) as function:
            answers = [function.call({"Records": [message]}) for message in messages]
        return [len(answer["batchItemFailures"]) for answer in answers]

    def report(self, version: str) -> dict[str, Any]:
        bucket = self.variables()["ECOM_REPORTS_BUCKET"]
        stored = self.client("s3").get_object(Bucket=bucket, Key=f"reports/new.csv/{version}.json")
        report: dict[str, Any] = json.loads(stored["Body"].read())
        return report

    def variables(self) -> dict[str, str]:
        """The function's declared environment."""
        variables: dict[str, str] = self.function["environment"][0]["variables"]
        return variables

    def environment(self, shop: ShopServer) -> dict[str, str]:
        """The same, with the embedded AWS and a shop of the test's in the place of the true ones."""
        queue = self.variables()["ECOM_IMPORT_QUEUE_URL"].partition(".amazonaws.com")[2]
        return self.variables() | {
            "ECOM_GATEWAY_URL": shop.url,
            "ECOM_IMPORT_QUEUE_URL": f"{self.moto.endpoint}{queue}",
            "AWS_ENDPOINT_URL": self.moto.endpoint,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }


@pytest.fixture
def account(moto: Moto, plan: Planned) -> Account:
    urllib3.request("POST", f"{moto.endpoint}/moto-api/reset")
    account = Account(moto, plan)
    account.apply()
    return account


def test_an_upload_comes_into_the_shop_by_what_terraform_declares(account: Account) -> None:
    keys = account.keys_of_the_role(without="")
    version = account.upload(b"id,title,price\nP1,A lamp,9.50\nP2,No price,\n")

    with ShopServer() as shop:
        failures = account.failures_of_the_function(shop, keys)

    assert failures == [0, 0]
    assert shop.products.keys() == {"P1"}
    report = account.report(version)
    assert (report["status"], report["created"], report["rejected"]) == ("finished", 1, 1)


@pytest.mark.parametrize("right", ["ReadUploads", "KeepReports", "OwnCredentials"])
def test_without_one_of_its_rights_the_function_fails(account: Account, right: str) -> None:
    keys = account.keys_of_the_role(without=right)
    account.upload(b"id,title,price\nP1,A lamp,9.50\n")

    with ShopServer() as shop:
        failures = account.failures_of_the_function(shop, keys)

    assert failures == [0, 1]
    assert shop.products == {}


def test_the_declaration_and_the_function_say_the_same(plan: Planned) -> None:
    function, mapping = plan.one("aws_lambda_function"), plan.one("aws_lambda_event_source_mapping")
    queue = plan.all("aws_sqs_queue", "import_function.module.queue.aws_sqs_queue.this")[0]

    assert (function["function_name"], function["handler"]) == (FUNCTION, HANDLER)
    Configuration.of_environment(function["environment"][0]["variables"])
    policy = json.loads(plan.one("aws_iam_role_policy", "import_function")["policy"])
    rights = {statement["Sid"]: statement["Resource"] for statement in policy["Statement"]}
    secret = function["environment"][0]["variables"]["ECOM_IMPORT_SECRET"]
    assert rights["OwnCredentials"] == [f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{secret}-??????"]
    assert rights["TakeAndGoOn"] == [mapping["event_source_arn"]]
    assert mapping["function_name"] == FUNCTION
    assert mapping["function_response_types"] == ["ReportBatchItemFailures"]
    assert mapping["batch_size"] == 1
    assert queue["name"] == IMPORT_QUEUE
    assert queue["visibility_timeout_seconds"] > function["timeout"]
    assert json.loads(queue["redrive_policy"])["maxReceiveCount"] == RECEIVES
    roots = (TERRAFORM / "environments" / "production" / "data" / "main.tf").read_text()
    assert str(PACKAGE.relative_to(TERRAFORM.parent)) in roots
