"""Each row of the table of services starts with what it needs and nothing else, and answers on its two ports."""

import os
import runpy
import signal
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import urllib3
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, transaction

from ecom.databases import ContextRouter
from ecom.services import SERVICES
from tests.service_process import REPOSITORY, databases, environment_of, manage, running_service

ALWAYS = {"PATH", "DJANGO_SETTINGS_MODULE"}
# The public paths of each service that has some, and one that stands for them.
PUBLIC = {
    "catalog": "/products/nothing/at/all",
    "customers": "/customers/me",
    "gateway": "/nothing",
    "orders": "/orders",
}
AT_THE_EDGE = {"ECOM_RATE_LIMIT_READS", "ECOM_CORS_ORIGINS", "ECOM_HSTS_SECONDS"}
NEEDED = [(name, variable) for name in SERVICES for variable in environment_of(name).keys() - ALWAYS]


def settings_of(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> dict[str, Any]:
    """The settings as a process with this environment and no other reads them."""
    for name in os.environ.keys() - environment.keys():
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(REPOSITORY / "ecom" / "settings.py"))


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_starts_with_what_its_row_needs_and_nothing_else(service: str) -> None:
    checked = manage("check", environment=environment_of(service))
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_opens_no_other_database(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(monkeypatch, environment_of(service))
    assert set(settings["DATABASES"]) == {"default", *SERVICES[service].databases}
    assert settings["DATABASES"]["default"] == {}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_takes_tokens_for_itself_and_for_those_that_it_stands_for(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = settings_of(monkeypatch, environment_of(service))["TOKEN_AUDIENCES"]
    behind = {"customers", "catalog", "orders", "activity"}
    others = {"monolith": behind | {"gateway", "backoffice"}, "gateway": behind, "gateway-stream": {"gateway"}}
    assert set(taken) == {"ecom", service} | others.get(service, set())


@pytest.mark.parametrize(("service", "variable"), sorted(NEEDED))
def test_a_missing_value_stops_the_start_with_its_name(
    service: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = environment_of(service)
    del environment[variable]
    with pytest.raises(ImproperlyConfigured, match=variable):
        settings_of(monkeypatch, environment)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ECOM_SERVICE", "shop"),
        ("ECOM_SECRET_KEY", "short"),
        ("ECOM_VISITOR_KEY", "short"),
        ("ECOM_DEBUG", "perhaps"),
        ("ECOM_CATALOG_DSN", "mysql://ecom:ecom@127.0.0.1/catalog"),
        ("ECOM_CATALOG_DSN", "postgresql://127.0.0.1"),
        ("ECOM_CATALOG_DSN", "postgresql://ecom:ecom@127.0.0.1:port/catalog"),
        ("ECOM_CATALOG_DSN", "postgresql://ecom:ecom@[::1/catalog"),
        ("ECOM_CATALOG_DSN", ""),
        ("ECOM_STATEMENT_TIMEOUT_MS", "soon"),
        ("ECOM_TOKEN_KEYS", "not JSON"),
        ("ECOM_TOKEN_KEYS", "[]"),
        ("ECOM_TOKEN_KEYS", "{}"),
        ("ECOM_RATE_LIMIT_READS", "many"),
        ("ECOM_CORS_ORIGINS", "https://shop.example.com,*"),
        ("ECOM_CORS_ORIGINS", "https://shop.example.com/"),
        ("ECOM_HSTS_SECONDS", "a year"),
    ],
)
def test_a_malformed_value_stops_the_start_with_its_name(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = "gateway" if variable in AT_THE_EDGE else "catalog"
    with pytest.raises(ImproperlyConfigured, match=variable):
        settings_of(monkeypatch, environment_of(service, **{variable: value}))


def test_a_process_that_cannot_start_says_why_and_ends() -> None:
    environment = environment_of("catalog")
    del environment["ECOM_CATALOG_DSN"]
    checked = manage("check", environment=environment)
    assert checked.returncode != 0
    assert "ECOM_CATALOG_DSN" in checked.stderr


def get(url: str, **headers: str) -> urllib3.BaseHTTPResponse:
    return urllib3.request("GET", url, retries=False, timeout=10, headers=headers)


@pytest.mark.parametrize("service", PUBLIC)
def test_operations_are_answered_on_the_management_port_alone(service: str, tmp_path: Path) -> None:
    with running_service(service, tmp_path) as address:
        assert get(f"{address.management}/healthz").json() == {"status": "ok", "service": service}
        assert get(f"{address.management}/readyz").status == (503 if SERVICES[service].databases else 200)
        assert "ecom_http_request_duration_seconds_bucket" in get(f"{address.management}/metrics").data.decode()
        assert get(f"{address.management}{PUBLIC[service]}").status == 404
        port = address.management.rpartition(":")[2]
        for path in ("/healthz", "/readyz", "/metrics"):
            for headers in ({}, {"Host": f"127.0.0.1:{port}"}, {"X-Forwarded-Port": port}):
                answer = get(f"{address.public}{path}", **headers)
                assert answer.status == 404
                assert answer.headers["Content-Type"] == "application/problem+json"


def test_the_catalog_answers_its_public_paths_on_the_public_port_alone(tmp_path: Path) -> None:
    with running_service("catalog", tmp_path) as address:
        assert get(f"{address.public}/products").status == 503  # there is a route, and no database in this test
        assert get(f"{address.management}/products").status == 404


def accepts_connections(url: str) -> bool:
    host, _, port = url.removeprefix("http://").rpartition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.django_db(transaction=True)
def test_a_request_in_flight_is_answered_before_the_process_ends(tmp_path: Path) -> None:
    with (
        running_service("catalog", tmp_path, **databases("catalog"), ECOM_STATEMENT_TIMEOUT_MS="60000") as address,
        connections["catalog"].cursor() as cursor,
        ThreadPoolExecutor(1) as shopper,
    ):

        def is_waiting() -> bool:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'catalog_product'::regclass")
            return bool(cursor.fetchone()[0])

        cursor.execute("BEGIN")
        cursor.execute("LOCK TABLE catalog_product IN ACCESS EXCLUSIVE MODE")
        answer = shopper.submit(get, f"{address.public}/products")
        wait_until(is_waiting)
        address.process.send_signal(signal.SIGTERM)
        wait_until(lambda: not accepts_connections(address.public))
        cursor.execute("COMMIT")
        assert answer.result(timeout=10).status == 200
        assert address.process.wait(timeout=10) == 0


@pytest.mark.django_db
def test_each_table_lives_in_its_own_database() -> None:
    tables = {
        alias: set(connections[alias].introspection.table_names()) for alias in ("customers", "catalog", "orders")
    }
    assert "catalog_product" in tables["catalog"]
    assert {"customers_account", "django_session"} <= tables["customers"]
    assert tables["catalog"] & tables["customers"] == {"django_migrations"}
    assert "orders_order" in tables["orders"]
    assert tables["orders"] & (tables["catalog"] | tables["customers"]) == {"django_migrations"}


@pytest.mark.parametrize(("app", "alias"), [("catalog", "catalog"), ("orders", "orders"), ("auth", "customers")])
def test_migrations_stay_in_their_database(app: str, alias: str) -> None:
    allowed = {db for db in ("customers", "catalog", "orders") if ContextRouter().allow_migrate(db, app)}
    assert allowed == {alias}


def test_a_transaction_that_names_no_database_fails() -> None:
    with pytest.raises(ImproperlyConfigured), transaction.atomic():
        pass
    with pytest.raises(ImproperlyConfigured):
        transaction.on_commit(lambda: None)


def test_limits_are_divided_among_as_many_workers_as_gunicorn_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(monkeypatch, environment_of("gateway", ECOM_RATE_LIMIT_READS="60/minute"))
    assert settings["RATE_LIMITS"]["reads"].amount == 60
    configuration = runpy.run_path(str(REPOSITORY / "ecom" / "gunicorn.conf.py"))
    assert configuration["workers"] == os.cpu_count()
    started = runpy.run_path(str(REPOSITORY / "ecom" / "settings.py"))  # by the same process, as gunicorn does
    assert started["RATE_LIMITS"]["reads"].amount == 60 // configuration["workers"]


@pytest.mark.parametrize(
    ("service", "variable", "value"),
    [
        ("activity", "ECOM_KAFKA_SECURITY", "password"),
        ("backoffice", "ECOM_STATIC_FILES", "https://static.example.com"),
        ("backoffice", "ECOM_STATIC_FILES", "s3://bucket/folder"),
    ],
)
def test_what_kafka_and_static_files_cannot_be_is_named(
    service: str, variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ImproperlyConfigured, match=variable):
        settings_of(monkeypatch, environment_of(service, **{variable: value}))
