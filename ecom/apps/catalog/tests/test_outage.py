import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import urllib3

from local.servers import Postgres, free_port
from tests.service_process import ServiceAddress, environment_of, manage, running_service


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Postgres]:
    """A server of this test's own, since it is stopped."""
    with Postgres(tmp_path / "postgres", free_port()) as server:
        server.create_database("catalog")
        yield server


@pytest.fixture
def catalog(database: Postgres, tmp_path: Path) -> Iterator[ServiceAddress]:
    dsn = database.dsn("catalog")
    migrated = manage("migrate", "--database=catalog", environment=environment_of("catalog", ECOM_CATALOG_DSN=dsn))
    assert migrated.returncode == 0, migrated.stderr
    with running_service("catalog", tmp_path, ECOM_CATALOG_DSN=dsn) as address:
        yield address


def get(url: str) -> urllib3.BaseHTTPResponse:
    return urllib3.request("GET", url, retries=False, timeout=10)


def until_status(url: str, status: int, seconds: float = 20) -> urllib3.BaseHTTPResponse:
    deadline = time.monotonic() + seconds
    while (answer := get(url)).status != status:
        assert time.monotonic() < deadline, f"{url} still answers {answer.status}"
        time.sleep(0.05)
    return answer


@pytest.mark.parametrize("end", [Postgres.stop, Postgres.kill])
def test_without_postgresql_the_catalog_says_503_and_recovers_by_itself(
    database: Postgres, catalog: ServiceAddress, end: Callable[[Postgres], None]
) -> None:
    products, seen, over = f"{catalog.public}/products", set(), threading.Event()

    def browse() -> None:
        while not over.is_set():
            seen.add(get(products).status)

    assert get(products).status == 200
    assert get(f"{catalog.management}/readyz").status == 200
    shoppers = [threading.Thread(target=browse) for _ in range(3)]
    for shopper in shoppers:
        shopper.start()
    try:
        end(database)
        problem = until_status(products, 503)
        assert problem.headers["Content-Type"] == "application/problem+json"
        assert int(problem.headers["Retry-After"]) > 0
        assert problem.json()["title"] == "Service Unavailable"
        assert get(f"{catalog.public}/products/P1").status == 503
        assert get(f"{catalog.public}/categories").status == 503
        assert get(f"{catalog.management}/readyz").status == 503
        assert get(f"{catalog.management}/healthz").status == 200

        database.start()
        until_status(products, 200)
        until_status(f"{catalog.management}/readyz", 200)
    finally:
        over.set()
        for shopper in shoppers:
            shopper.join(timeout=20)
    assert seen == {200, 503}
    assert all(get(products).status == 200 for _ in range(20))


def test_a_restart_between_two_requests_is_not_noticed(database: Postgres, catalog: ServiceAddress) -> None:
    products = f"{catalog.public}/products"
    with ThreadPoolExecutor(8) as shoppers:  # enough for each thread of the service to have its connection
        assert {answer.status for answer in shoppers.map(get, [products] * 80)} == {200}
        database.stop()
        database.start()
        assert {answer.status for answer in shoppers.map(get, [products] * 80)} == {200}
