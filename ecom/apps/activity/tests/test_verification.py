"""A recording recounted and compared with gateway, table and topic: equal where it is, and named where not."""

import json
import subprocess
import sys
from collections import defaultdict
from datetime import UTC, datetime

import orjson
import pytest
from kafka import KafkaProducer

from local.provision import create_tables, session
from tests.service_process import REPOSITORY, environment_of, running_service

START = 1_511_658_000
AWS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_REGION": "eu-central-1"}
TABLE = "ecom-product-analytics"


def text(epoch: int) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def recording(tmp_path):
    """Five minutes, twenty products, ten shoppers, with repeated visits."""
    path = tmp_path / "events.csv"
    rows = [f"U{n % 10},Q{n * 3 % 20},VIEW_PRODUCT,{text(START + n)}" for n in range(300)]
    path.write_text("\n".join(["user_id,product_id,event_type,timestamp", *rows]))
    return path


@pytest.fixture
def windows(recording):
    """What the job should have counted, by a count of the test's own."""
    shoppers = defaultdict(set)
    for row in recording.read_text().splitlines()[1:]:
        user, product, _, time = row.split(",")
        shoppers[product, time[:17] + "00Z"].add(user)
    return {window: len(users) for window, users in shoppers.items()}


class Stores:
    """The table and the topic, as the job writes them."""

    def __init__(self, kafka, dynamodb):
        create_tables(dynamodb.endpoint)
        self._table = session().client("dynamodb", endpoint_url=dynamodb.endpoint)
        self._producer = KafkaProducer(bootstrap_servers=kafka.bootstrap_servers, enable_idempotence=False)

    def write(self, product, start, shoppers, *, table=True, topic=True):
        if table:
            item = {"product_id": {"S": product}, "window_start": {"S": start}, "run_id": {"S": "test"}}
            numbers = {
                name: {"N": str(shoppers)} for name in ("unique_user_count", "verified_user_count", "event_count")
            }
            self._table.put_item(TableName=TABLE, Item={**item, **numbers, "window_end": {"S": start}})
        if topic:
            value = orjson.dumps({"product_id": product, "window_start": start, "unique_user_count": shoppers})
            self._producer.send(TABLE, key=product.encode(), value=value).get(10)

    def delete(self, product, start):
        key = {"product_id": {"S": product}, "window_start": {"S": start}}
        self._table.delete_item(TableName=TABLE, Key=key)


@pytest.fixture
def stores(topic, kafka, dynamodb, windows):
    stores = Stores(kafka, dynamodb)
    for (product, start), shoppers in windows.items():
        stores.write(product, start, shoppers)
    stores.write("Q-earlier", "2017-11-25T00:00:00Z", 5)  # not of the recording's time
    yield stores
    for product, start in windows:
        stores.delete(product, start)


@pytest.fixture
def verify(kafka, dynamodb, stores, recording, tmp_path):
    values = {**AWS, "ECOM_DYNAMODB_ENDPOINT": dynamodb.endpoint}
    with running_service("gateway", tmp_path, ECOM_THREADS="12", **values) as gateway:
        environment = environment_of(
            "monolith",
            **values,
            ECOM_KAFKA_BOOTSTRAP_SERVERS=kafka.bootstrap_servers,
            ECOM_GATEWAY_URL=gateway.public,
        )

        def run(*arguments):
            command = [sys.executable, "manage.py", "verify_analytics", str(recording), "--tables", *arguments]
            return subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=60)

        yield run


def test_when_all_three_hold_what_was_recounted_it_says_so_and_when_one_does_not_it_names_the_windows(
    verify, stores, windows
):
    done = verify("--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert (report["events"], report["windows"], report["differences"]) == (300, len(windows), [])
    assert [(each["place"], each["equal"], each["differ"]) for each in report["compared"]] == [
        ("gateway", len(windows), 0),
        ("table", len(windows), 0),
        ("topic", len(windows), 0),
    ]

    (product, start), shoppers = next(iter(windows.items()))
    stores.write(product, start, shoppers + 1, topic=False)
    stores.write("Q1", "2017-11-26T01:04:00Z", 9, table=False)
    extra = ("Q-never", "2017-11-26T01:02:00Z")
    stores.write(*extra, 2, topic=False)
    done = verify("--wait", "0.5")
    stores.delete(*extra)
    assert done.returncode == 1
    assert f"gateway: {len(windows) - 1:,} windows equal, 1 differ (0 missing, 0 extra, 1 other counts)" in done.stdout
    assert f"table: {len(windows) - 1:,} windows equal, 2 differ (0 missing, 1 extra, 1 other counts)" in done.stdout
    assert f"topic: {len(windows) - 1:,} windows equal, 1 differ" in done.stdout
    assert f"{product} {start[:16]}Z: recounted {shoppers}, found {shoppers + 1}" in done.stdout
