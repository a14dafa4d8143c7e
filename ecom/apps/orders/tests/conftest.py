from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from ecom.apps.orders.clients import catalog
from ecom.apps.orders.services import idempotency
from ecom.apps.orders.tests.shop import ADA, Api, make_service_account, serving


@pytest.fixture(scope="session")
def services_in_the_tests_transaction(django_db_setup: None) -> Iterator[str]:
    with serving(shared=["catalog", "customers"]) as url:
        yield url


@pytest.fixture(scope="session")
def services(django_db_setup: None) -> Iterator[str]:
    with serving() as url:
        yield url


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a service that is well takes longer than a buyer would wait."""
    for limit in ("CONNECT_SECONDS", "PRODUCTS_SECONDS", "RESERVATION_SECONDS", "POOL_SECONDS"):
        monkeypatch.setattr(catalog, limit, 60.0)
    monkeypatch.setattr(idempotency, "WAIT_SECONDS", 60.0)
    monkeypatch.setattr(idempotency, "LEASE", timedelta(minutes=1))


@pytest.fixture
def shop(db: None, patience: None, settings: Any, services_in_the_tests_transaction: str) -> None:
    """The real catalog and customers answer; one request at a time, as they share the test's connection."""
    settings.UPSTREAMS = dict.fromkeys(settings.UPSTREAMS, services_in_the_tests_transaction)
    make_service_account()


@pytest.fixture
def busy_shop(transactional_db: None, patience: None, settings: Any, services: str) -> None:
    """The same for many requests at once."""
    settings.UPSTREAMS = dict.fromkeys(settings.UPSTREAMS, services)
    make_service_account()


@pytest.fixture
def ada(shop: None) -> Api:
    return Api(ADA)


@pytest.fixture
def guest(shop: None) -> Api:
    return Api()


@pytest.fixture
def statements() -> Callable[..., Any]:
    """The first words of a block's SQL statements to orders' database, savepoints aside."""

    @contextmanager
    def count() -> Iterator[list[str]]:
        kinds: list[str] = []
        with CaptureQueriesContext(connections["orders"]) as captured:
            yield kinds
        words = [query["sql"].split()[0] for query in captured.captured_queries]
        kinds += [word for word in words if word not in ("SAVEPOINT", "RELEASE")]

    return count


@pytest.fixture
def catalog_calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The calls that orders makes to the catalog, as method and path; they go on to it."""

    calls: list[str] = []
    sent = catalog._sent

    def noted(method: str, target: str, *arguments: Any) -> Any:
        calls.append(f"{method} {target.partition('?')[0]}")
        return sent(method, target, *arguments)

    monkeypatch.setattr(catalog, "_sent", noted)
    return calls
