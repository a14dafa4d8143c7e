"""The import function in Lambda's own runtime client, with the bucket's notifications from a real queue."""

import gzip
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local import provision
from local.file_import import import_file
from local.import_function import LocalFunction
from local.runtime_api import FunctionFailed
from local.servers import Moto, free_port
from local.service_environment import import_variables
from local.stack import Stack
from local.tests.running_function import running_function
from serverless.product_bulk_import_lambda.tests.shop_server import ShopServer

HEADER = "id,title,price\n"
PATIENCE = 60


def rows(count: int) -> str:
    return "".join(f"P{number},Product {number},{number + 1}.50\n" for number in range(count))


class Bucket:
    """The embedded buckets and queue, as a merchant sees them, and the environment of the function between them."""

    def __init__(self, moto: Moto, shop: ShopServer) -> None:
        provision.create_imports(moto.endpoint, client_secret="open sesame", visible_seconds=3)
        self.s3 = provision.session().client("s3", endpoint_url=moto.endpoint)
        self.environment = import_variables(moto.endpoint, gateway=shop.url)

    def upload(self, content: str, key: str = "products.csv") -> str:
        return self.s3.put_object(Bucket=provision.UPLOADS_BUCKET, Key=key, Body=content.encode())["VersionId"]

    def event(self, version: str, key: str = "products.csv") -> dict[str, Any]:
        stored = {"bucket": {"name": provision.UPLOADS_BUCKET}, "object": {"key": key, "versionId": version}}
        return {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": stored}]}

    def report(self, version: str, key: str = "products.csv") -> dict[str, Any]:
        stored = self.s3.get_object(Bucket=provision.REPORTS_BUCKET, Key=f"reports/{key}/{version}.json")
        return json.loads(stored["Body"].read())

    def finished(self, version: str, key: str = "products.csv") -> dict[str, Any]:
        """The report when the import is over."""
        return until(lambda: self._over(version, key))

    def _over(self, version: str, key: str) -> dict[str, Any] | None:
        try:
            report = self.report(version, key)
        except self.s3.exceptions.NoSuchKey:
            return None
        return report if report["status"] in ("finished", "failed") else None


def until(look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.1)
    return found


@pytest.fixture
def shop() -> Iterator[ShopServer]:
    with ShopServer() as server:
        yield server


@pytest.fixture
def bucket(tmp_path: Path, shop: ShopServer) -> Iterator[Bucket]:
    with Moto(tmp_path / "moto", free_port()) as moto:
        yield Bucket(moto, shop)


def test_an_uploaded_file_is_in_the_shop_and_logged_as_json(bucket: Bucket, shop: ShopServer, tmp_path: Path) -> None:
    log = tmp_path / "function.log"
    with running_function(bucket.environment, log):
        report = bucket.finished(bucket.upload(HEADER + rows(2500), "März/list+1.csv"), "März/list+1.csv")
    assert (report["created"], len(shop.products)) == (2500, 2500)
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    assert [line["figures"]["rows_read"] for line in lines if line.get("message") == "import finished"] == [2500]
    assert [line["RowsRead"] for line in lines if "_aws" in line] == [[2500]]


def test_make_import_shows_what_became_of_a_file_and_brings_its_error_file(
    shop: ShopServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("local.stack.STATE", tmp_path)
    (tmp_path / "liste.csv.gz").write_bytes(gzip.compress(b"Nr;title;price\nP1;A lamp;9,50\nP2;No price;\n"))
    (tmp_path / "liste.mapping.json").write_text('{"columns": {"product_id": "Nr"}, "currency": "CHF"}')
    stack = Stack(offset=3600)
    with stack.moto:
        provision.create_imports(stack.moto.endpoint, client_secret="open sesame")
        variables = import_variables(stack.moto.endpoint, gateway=shop.url)
        with running_function(variables, tmp_path / "function.log"):
            assert import_file(stack, tmp_path / "liste.csv.gz") == 1

    assert shop.products["P1"]["price"] == {"amount": 950, "currency": "CHF"}
    assert "finished: 2 rows: 1 created, 0 updated, 0 unchanged, 1 rejected" in capsys.readouterr().out
    errors = (stack.directory / "imports" / "liste.errors.csv").read_text("utf-8-sig")
    assert "price is empty" in errors


def test_a_file_whose_run_is_killed_is_imported_whole_and_once(
    bucket: Bucket, shop: ShopServer, tmp_path: Path
) -> None:
    """SIGKILL in the middle of a batch; the lease ends with the run's time, and the next call goes on."""
    shop.behaviour = lambda products: time.sleep(0.5)
    version = bucket.upload(HEADER + rows(30_000) + "bad\n")
    with LocalFunction(bucket.environment, seconds=10) as function:

        def kill() -> None:
            until(lambda: len(shop.batches) > 20)
            assert function.process
            os.kill(function.process.pid, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        with pytest.raises(FunctionFailed, match="ended with -9"):
            function.call(bucket.event(version))
        killer.join()
        killed = bucket.report(version)
        assert killed["status"] == "running"
        assert 0 < killed["rows_read"] < 30_001
        with pytest.raises(FunctionFailed, match="Another run works on"):
            function.call(bucket.event(version))
        shop.behaviour = lambda products: None
        time.sleep(max(0, killed["lease_until"] + 2.1 - time.time()))
        function.call(bucket.event(version))
    report = bucket.report(version)
    outcomes = [report[name] for name in ("status", "rows_read", "rejected", "runs")]
    assert outcomes == ["finished", 30_001, 1, 2]
    assert report["created"] == len(shop.products) == 30_000


def test_a_run_over_its_time_is_ended_and_said_to_be(bucket: Bucket, shop: ShopServer) -> None:
    shop.behaviour = lambda products: time.sleep(5)
    with (
        LocalFunction(bucket.environment, seconds=2) as function,
        pytest.raises(FunctionFailed, match="was ended after 2 s"),
    ):
        function.call(bucket.event(bucket.upload(HEADER + rows(1))))


def test_a_function_that_cannot_start_says_why(bucket: Bucket) -> None:
    del bucket.environment["ECOM_REPORTS_BUCKET"]
    with (
        LocalFunction(bucket.environment, seconds=20) as function,
        pytest.raises(FunctionFailed, match="ECOM_REPORTS_BUCKET is not set"),
    ):
        function.call(bucket.event("any"))
