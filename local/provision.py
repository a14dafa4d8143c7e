"""The topics, tables, buckets and queues of the embedded stack: created where they are absent.

Topics are those of `ecom/kafka_resources.py`; the rest is declared here.
"""

import json
import time
from dataclasses import dataclass
from typing import Any, Final

import boto3
from kafka import KafkaAdminClient
from kafka.admin import NewTopic
from kafka.errors import TopicAlreadyExistsError

from ecom.kafka_resources import DAY_MS as DAY_MS
from ecom.kafka_resources import TOPICS as TOPICS
from ecom.kafka_resources import Topic as Topic
from ecom.services import DATABASES

VISIBLE_SECONDS = 20
REGION: Final = "eu-central-1"
ACCOUNT_ID = "123456789012"  # moto's
LOCAL_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
}


@dataclass(frozen=True)
class Table:
    """A DynamoDB table with string keys; items end at `expires_at` (epoch seconds)."""

    name: str
    hash_key: str
    range_key: str
    ttl_attribute: str = "expires_at"


TABLES = (
    Table("ecom-product-analytics", hash_key="product_id", range_key="window_start"),
    Table("ecom-trending-products", hash_key="granularity", range_key="window_start"),
)


@dataclass(frozen=True)
class Account:
    """A service account: where its tokens are good, what they allow, and under which name its secret is kept."""

    client_id: str
    audience: str
    scope: str
    secret: str


ORDERS_ACCOUNT = Account("orders", "catalog", "catalog:reserve", "orders_service")
IMPORT_ACCOUNT = Account("product-import", "catalog", "catalog:write", "import_service")
QUEUE_PREFIX = "ecom-"
# How often a message is given out before it is put aside, into the queue of what failed for good.
RECEIVES = 5
# Longer than the longest task (ecom/celery.py): a message that becomes visible again is worked on twice.
TASK_VISIBLE_SECONDS = 900
UPLOADS_BUCKET = "ecom-local-product-uploads"
REPORTS_BUCKET = "ecom-local-import-reports"
IMPORT_QUEUE = "ecom-product-imports"
IMPORT_SECRET = "ecom/local/import-lambda"  # noqa: S105 - its name
# Longer than a run of the function (local/import_function.py), for the same reason.
IMPORT_VISIBLE_SECONDS = 330


def create_topics(bootstrap_servers: str, topics: tuple[Topic, ...] = TOPICS) -> list[str]:
    """Create the topics that are absent, wait until clients can see all of them; return the new ones' names."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap_servers)
    try:
        created = [topic.name for topic in topics if _create_topic(admin, topic)]
        _await_topics(admin, {topic.name for topic in topics})
        return created
    finally:
        admin.close()


def create_tables(endpoint: str, tables: tuple[Table, ...] = TABLES) -> list[str]:
    """Create the DynamoDB tables that are absent, wait until they are active; return their names."""
    dynamodb = session().client("dynamodb", endpoint_url=endpoint)
    present = set(dynamodb.list_tables()["TableNames"])
    absent = [table for table in tables if table.name not in present]
    for table in absent:
        _create_table(dynamodb, table)
    return [table.name for table in absent]


def create_queues(endpoint: str, contexts: tuple[str, ...] = DATABASES) -> None:
    """Create each context's queue, and beside it the queue of what failed for good; both may be there already."""
    sqs = session().client("sqs", endpoint_url=endpoint)
    for name in (f"{QUEUE_PREFIX}{context}" for context in contexts):
        _create_queue(sqs, name, failed=f"{name}-failed", visible_seconds=TASK_VISIBLE_SECONDS)


def create_imports(endpoint: str, *, client_secret: str, visible_seconds: int = IMPORT_VISIBLE_SECONDS) -> None:
    """Create the buckets for uploads and reports, the queue that uploads are told to, and the function's secret.

    What is there already stays.
    """
    s3 = session().client("s3", endpoint_url=endpoint)
    for bucket in (UPLOADS_BUCKET, REPORTS_BUCKET):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=UPLOADS_BUCKET, VersioningConfiguration={"Status": "Enabled"})
    sqs = session().client("sqs", endpoint_url=endpoint)
    queue = _create_queue(sqs, IMPORT_QUEUE, failed=f"{IMPORT_QUEUE}-dlq", visible_seconds=visible_seconds)
    s3.put_bucket_notification_configuration(
        Bucket=UPLOADS_BUCKET,
        NotificationConfiguration={"QueueConfigurations": [{"QueueArn": queue, "Events": ["s3:ObjectCreated:*"]}]},
    )
    secret = json.dumps({"client_id": IMPORT_ACCOUNT.client_id, "client_secret": client_secret})
    secrets: Any = session().client("secretsmanager", endpoint_url=endpoint)
    try:
        secrets.create_secret(Name=IMPORT_SECRET, SecretString=secret)
    except secrets.exceptions.ResourceExistsException:
        secrets.put_secret_value(SecretId=IMPORT_SECRET, SecretString=secret)


def _create_queue(sqs: Any, name: str, *, failed: str, visible_seconds: int) -> str:
    """Create a queue and beside it the one of what failed for good; the first one's ARN."""
    kept = {"MessageRetentionPeriod": str(14 * DAY_MS // 1000)}
    redrive = {"deadLetterTargetArn": _create(sqs, failed, kept), "maxReceiveCount": RECEIVES}
    hidden = {"VisibilityTimeout": str(visible_seconds), "RedrivePolicy": json.dumps(redrive)}
    return _create(sqs, name, kept | hidden)


def _create(sqs: Any, queue: str, attributes: dict[str, str]) -> str:
    url = sqs.create_queue(QueueName=queue, Attributes=attributes)["QueueUrl"]
    arn: str = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return arn


def session() -> boto3.Session:
    """boto3 with the embedded servers' credentials, whatever credentials the machine has."""
    return boto3.Session(
        aws_access_key_id=LOCAL_CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=LOCAL_CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )


def _create_topic(admin: KafkaAdminClient, topic: Topic) -> bool:
    new = NewTopic(topic.name, topic.partitions, 1, topic_configs=topic.configuration())
    try:
        admin.create_topics([new])
    except TopicAlreadyExistsError:
        return False
    return True


def _await_topics(admin: KafkaAdminClient, names: set[str]) -> None:
    deadline = time.monotonic() + VISIBLE_SECONDS
    while missing := names - set(admin.list_topics()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"Kafka does not show the topics {sorted(missing)}")
        time.sleep(0.05)


def _create_table(dynamodb: Any, table: Table) -> None:
    keys = {"HASH": table.hash_key, "RANGE": table.range_key}
    try:
        dynamodb.create_table(
            TableName=table.name,
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys.values()],
            KeySchema=[{"AttributeName": name, "KeyType": kind} for kind, name in keys.items()],
            BillingMode="PAY_PER_REQUEST",
        )
    except dynamodb.exceptions.ResourceInUseException:  # created meanwhile by another process
        return
    dynamodb.get_waiter("table_exists").wait(TableName=table.name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    dynamodb.update_time_to_live(
        TableName=table.name,
        TimeToLiveSpecification={"Enabled": True, "AttributeName": table.ttl_attribute},
    )
