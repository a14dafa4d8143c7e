"""A merchant's file from the bucket to the shop: the function as Lambda runs it, gateway, customers and catalog."""

import csv
import gzip
import io
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import urllib3

from ecom.apps.catalog.models import Product
from ecom.apps.customers.services.service_accounts import ensure_service_account
from local import provision
from local.catalogue import catalogue_file
from local.import_function import LocalFunction
from local.servers import Moto, free_port
from local.service_environment import import_variables
from tests.service_process import ServiceAddress, databases, running_service

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "only-for-tests-and-never-anywhere-else"
# What an Icecat export calls our columns.
ICECAT = {
    "columns": {
        "product_id": "id",
        "title": "title",
        "description": "short_description",
        "brand": "brand",
        "category": "product_type",
        "price_amount": "price_cents",
        "image_url": "image",
    },
    "currency": "EUR",
}
OUTCOMES = ("created", "updated", "unchanged", "rejected")


@dataclass
class Imports:
    """Buckets and function, as whoever has a file sees them."""

    s3: Any
    function: LocalFunction
    gateway: str

    def upload(self, content: bytes, key: str) -> str:
        return self.s3.put_object(Bucket=provision.UPLOADS_BUCKET, Key=key, Body=content)["VersionId"]

    def imported(self, content: bytes, key: str) -> dict[str, Any]:
        version = self.upload(content, key)
        self.call(version, key)
        return self.report(version, key)

    def call(self, version: str, key: str) -> None:
        stored = {"bucket": {"name": provision.UPLOADS_BUCKET}, "object": {"key": key, "versionId": version}}
        self.function.call({"Records": [{"eventName": "ObjectCreated:Put", "s3": stored}]})

    def report(self, version: str, key: str) -> dict[str, Any]:
        stored = self.s3.get_object(Bucket=provision.REPORTS_BUCKET, Key=f"reports/{key}/{version}.json")
        return json.loads(stored["Body"].read())

    def errors(self, report: dict[str, Any]) -> list[dict[str, str]]:
        stored = self.s3.get_object(Bucket=provision.REPORTS_BUCKET, Key=report["errors_key"])
        return list(csv.DictReader(io.StringIO(stored["Body"].read().decode("utf-8-sig"), newline="")))

    def product(self, product_id: str) -> dict[str, Any]:
        return urllib3.request("GET", f"{self.gateway}/products/{product_id}").json()


@contextmanager
def running_catalog(directory: Path, port: int) -> Iterator[ServiceAddress]:
    with running_service("catalog", directory, port=port, **databases("catalog")) as address:
        yield address


@pytest.fixture
def catalog_port() -> int:
    return free_port()


@pytest.fixture
def imports(tmp_path: Path, transactional_db: None, catalog_port: int) -> Iterator[Imports]:
    """All but the catalog, which the tests start."""
    ensure_service_account(
        client_id=provision.IMPORT_ACCOUNT.client_id,
        secret=SECRET,
        audiences=[provision.IMPORT_ACCOUNT.audience],
        scopes=[provision.IMPORT_ACCOUNT.scope],
    )
    with ExitStack() as stack:
        moto = stack.enter_context(Moto(tmp_path / "moto", free_port()))
        provision.create_imports(moto.endpoint, client_secret=SECRET)
        customers = stack.enter_context(running_service("customers", tmp_path, **databases("customers")))
        upstreams = {
            "ECOM_UPSTREAM_CUSTOMERS": customers.public,
            "ECOM_UPSTREAM_CATALOG": f"http://127.0.0.1:{catalog_port}",
        }
        gateway = stack.enter_context(running_service("gateway", tmp_path, ECOM_THREADS="8", **upstreams)).public
        function = stack.enter_context(LocalFunction(import_variables(moto.endpoint, gateway=gateway)))
        yield Imports(provision.session().client("s3", endpoint_url=moto.endpoint), function, gateway)


def icecat_rows(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(gzip.open(file, "rt", encoding="utf-8", newline="")))


def mended(errors: list[dict[str, str]]) -> bytes:
    """The error file with something fitting in each cell that it complains of."""
    fitting = {"title": "Mended", "price_cents": "100", "image": "", "product_type": "", "short_description": ""}
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, errors[0].keys())
    writer.writeheader()
    for row in errors:
        writer.writerow(row | {name: fitting[name] for name in row["error_column"].split("; ")})
    return text.getvalue().encode("utf-8-sig")


def test_a_real_catalogue_comes_in_whole_and_its_mended_error_file_completes_it(
    imports: Imports, tmp_path: Path, catalog_port: int
) -> None:
    """Some rows are spoilt, as the real file has few bad ones and a generated one none."""
    rows = icecat_rows(catalogue_file())
    for number, spoil in enumerate(({"title": " "}, {"price_cents": "x"}, {"image": "ftp://no"}, {"title": "t" * 301})):
        rows[7 + 100 * number].update(spoil)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)
    content = gzip.compress(text.getvalue().encode())
    imports.upload(json.dumps(ICECAT).encode(), "icecat.mapping.json")

    with running_catalog(tmp_path, catalog_port):
        report = imports.imported(content, "icecat.csv.gz")
        errors = imports.errors(report)
        bad = {row["id"] for row in errors}
        assert (report["status"], report["rows_read"], report["rejected"]) == ("finished", len(rows), len(errors))
        assert {rows[7 + 100 * number]["id"] for number in range(4)} <= bad
        assert all(row["error_reason"] and row["error_line"] for row in errors)
        ids = set(Product.objects.values_list("product_id", flat=True))
        assert ids == {row["id"] for row in rows} - bad
        for row in (row for row in rows[::397] if row["id"] in ids):
            served = imports.product(row["id"])
            assert served["price"] == {"amount": int(row["price_cents"]), "currency": "EUR"}
            assert served["image_url"] == row["image"].strip()

        again = imports.imported(content + b"\0", "icecat.csv.gz")
        assert [again[name] for name in OUTCOMES] == [0, 0, len(ids), len(errors)]
        completed = imports.imported(mended(errors), "icecat.errors.csv")
        assert [completed[name] for name in OUTCOMES] == [len(errors), 0, 0, 0], imports.errors(completed)
        assert imports.product(rows[7]["id"])["title"] == "Mended"


def test_a_catalog_that_is_killed_and_comes_back_loses_no_row_and_gets_none_twice(
    imports: Imports, tmp_path: Path, catalog_port: int
) -> None:
    count = 20_000
    rows = "".join(f"K{number},Product {number},{number + 1}.00,{number % 50}\n" for number in range(count))
    version = imports.upload(f"id,title,price,stock\n{rows}".encode(), "products.csv")
    with running_catalog(tmp_path, catalog_port) as catalog:
        calling = threading.Thread(target=imports.call, args=(version, "products.csv"))
        calling.start()
        deadline = time.monotonic() + 60
        while Product.objects.count() < 3000:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        for process in (psutil.Process(catalog.process.pid), *psutil.Process(catalog.process.pid).children()):
            process.kill()
    assert calling.is_alive()
    assert Product.objects.count() < count
    with running_catalog(tmp_path, catalog_port):
        calling.join(timeout=100)
    report = imports.report(version, "products.csv")
    assert [report[name] for name in ("status", "created", "rejected")] == ["finished", count, 0]
    assert Counter(Product.objects.values_list("stock", flat=True)) == dict.fromkeys(range(50), count // 50)
