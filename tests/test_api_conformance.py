"""The running services against their own document: schemathesis looks for 5xx and for answers outside their schema."""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from io import StringIO
from pathlib import Path
from unittest import mock

import pytest
import urllib3
from django.core.management import call_command
from django.db import connections

from ecom.apps.catalog.models import Category, Product
from ecom.apps.customers.models import Account
from ecom.apps.gateway.routes import RateClass
from local.provision import create_tables, create_topics
from local.servers import DynamoDB, Kafka
from tests.service_process import databases, environment_of, running_service
from tests.tokens import token

CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance",
)  # fmt: skip
# Beside other tests a machine is busy and answers late, which 504 says honestly; every other 5xx is a fault.
BUSY = """
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", "504"]
"""
ERASE = "delete_customers_me"
ENDLESS = "get_analytics_stream"
ADDRESS = {"recipient": "Ada L.", "line1": "Main Street 1", "city": "Berlin", "country": "DE"}
CUSTOMER, STAFF, IMPORTER = "U00000000000000AD", "U0000000000000STF", "importer"
TOKENS = {
    "customer": token(CUSTOMER, lifetime=3600),
    "staff": token(STAFF, kind="staff", lifetime=3600),
    "service": token(IMPORTER, kind="service", scope="catalog:write orders:transition activity:any", lifetime=3600),
}

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop(transactional_db: None) -> None:
    """Something to look at, to buy, and two people."""
    Account.objects.create_user("ada@example.com", "a long enough passphrase", public_id=CUSTOMER)
    Account.objects.create_user("sam@example.com", "a long enough passphrase", public_id=STAFF, is_staff=True)
    secret = environment_of("orders")["ECOM_SERVICE_CLIENT_SECRET"]
    with mock.patch("sys.stdin", StringIO(secret)):
        call_command(
            "ensure_service_account", "orders", audience=["catalog"], scope=["catalog:reserve"], stdout=StringIO()
        )
    sport = Category.objects.create(path="sport", name="Sport", slug="sport")
    for number in range(30):
        Product.objects.create(
            product_id=f"P{number}", title=f"Thing {number}", price_amount=100, currency="EUR", stock=50, category=sport
        )


@pytest.fixture
def gateway(shop: None, kafka: Kafka, dynamodb: DynamoDB, tmp_path: Path) -> Iterator[str]:
    """All services as they are deployed; the gateway's address."""
    create_topics(kafka.bootstrap_servers)
    create_tables(dynamodb.endpoint)
    behind = {
        "customers": {"ECOM_FREE_ATTEMPTS_PER_CLIENT": "100000"},
        "catalog": {},
        "activity": {"ECOM_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers},
        "orders": {},
    }
    upstreams: dict[str, str] = {}
    with ExitStack() as stack:
        for service, values in behind.items():
            needed = databases(service) if service in connections else {}
            known = upstreams if service == "orders" else {}
            address = stack.enter_context(running_service(service, tmp_path, **values, **needed, **known))
            upstreams[f"ECOM_UPSTREAM_{service.upper()}"] = address.public
        edge = {
            "ECOM_DYNAMODB_ENDPOINT": dynamodb.endpoint,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            **{f"ECOM_RATE_LIMIT_{rate.upper()}": "1000000/second" for rate in RateClass},
        }
        yield stack.enter_context(running_service("gateway", tmp_path, ECOM_THREADS="8", **edge, **upstreams)).public


def order(gateway: str) -> None:
    """Place an order, so that there is one to look at, to cancel and to bring on its way."""
    headers = {"Authorization": f"Bearer {TOKENS['customer']}", "Idempotency-Key": "conformance"}
    body = {"items": [{"product_id": "P1", "quantity": 1}], "delivery_address": ADDRESS}
    assert urllib3.request("POST", f"{gateway}/orders", json=body, headers=headers).status == 201


def wait_until_complete(gateway: str) -> None:
    """The document of each service is made with the first question for it."""
    deadline = time.monotonic() + 60
    while urllib3.request("GET", f"{gateway}/openapi.json").json()["x-missing-services"]:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def faults(gateway: str, caller: str, folder: Path, *options: str, settings: str) -> str:
    """What schemathesis, with these settings, finds with this caller's token; empty where all is as it should be."""
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{gateway}/openapi.json"),
        *("--checks", ",".join(CHECKS), "--header", f"Authorization: Bearer {TOKENS[caller]}"),
        *("--no-color", "--warnings", "off", "--suppress-health-check", "all", *options),
    ]
    own = folder / caller
    own.mkdir(exist_ok=True)
    (own / "schemathesis.toml").write_text(settings)
    run = subprocess.run(command, cwd=own, capture_output=True, text=True, timeout=900)
    return "" if run.returncode == 0 else run.stdout + run.stderr


def found_by_all(gateway: str, folder: Path, *options: str, settings: str = "") -> list[str]:
    """By three callers at once; then the customer erases the account, which has to be there until the end."""
    looked = (*options, "--exclude-operation-id", ERASE, "--exclude-operation-id", ENDLESS)
    with ThreadPoolExecutor(len(TOKENS)) as callers:
        found = [*callers.map(lambda caller: faults(gateway, caller, folder, *looked, settings=settings), TOKENS)]
    found.append(faults(gateway, "customer", folder, *options, "--include-operation-id", ERASE, settings=settings))
    return [text for text in found if text]


def test_no_answer_is_an_error_or_outside_its_schema(gateway: str, tmp_path: Path) -> None:
    order(gateway)
    wait_until_complete(gateway)
    found = found_by_all(gateway, tmp_path, "--max-time", "15", "--generation-deterministic", settings=BUSY)
    assert found == [], "\n".join(found)


@pytest.mark.check_all
def test_no_answer_is_an_error_or_outside_its_schema_however_long_one_looks(gateway: str, tmp_path: Path) -> None:
    order(gateway)
    wait_until_complete(gateway)
    found = found_by_all(gateway, tmp_path, "--max-time", "300")
    assert found == [], "\n".join(found)
