"""What fails on the way: nothing is lost, nothing is imported twice, and the report says what happened."""

import gzip
import itertools
import json
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ResponseStreamingError

from serverless.product_bulk_import_lambda import handler, importing
from serverless.product_bulk_import_lambda.configuration import Configuration, Misconfigured
from serverless.product_bulk_import_lambda.progress import Busy
from serverless.product_bulk_import_lambda.shop import Outcome, Shop, ShopRefused, ShopUnavailable
from serverless.product_bulk_import_lambda.source import StoredObject
from serverless.product_bulk_import_lambda.tests.conftest import Account, Context
from serverless.product_bulk_import_lambda.tests.shop_server import Answer, ShopServer, refusal
from serverless.product_bulk_import_lambda.tests.test_imports import HEADER, rows


def message(number: int, body: str) -> dict[str, object]:
    return {"messageId": str(number), "eventSource": "aws:sqs", "body": body, "receiptHandle": "x", "attributes": {}}


class KilledHere(BaseException):
    """Stands for SIGKILL: nothing catches it."""


def dying_after(batches: int) -> Callable[..., list[Outcome]]:
    """`Shop.upsert` of a run that dies with its next batch."""
    upsert, begun = Shop.upsert, itertools.count()

    def mortal(shop: Shop, products: list[bytes], *, name: str, until: float) -> list[Outcome]:
        if next(begun) >= batches:
            raise KilledHere
        return upsert(shop, products, name=name, until=until)

    return mortal


def test_only_messages_that_failed_come_again(account: Account, caplog: pytest.LogCaptureFixture) -> None:
    version = account.upload(HEADER + rows(2))
    good = json.dumps(account.notification(version))
    test_event = json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent"})
    event = {"Records": [message(1, good), message(2, "no JSON"), message(3, test_event), message(4, "[]")]}
    assert handler.handle(event, Context()) == {"batchItemFailures": [{"itemIdentifier": "2"}, {"itemIdentifier": "4"}]}
    assert account.report(version)["created"] == 2
    told = [(record.body, record.exc_info is not None) for record in caplog.records if record.levelname == "ERROR"]
    assert told == [("no JSON", True), ("[]", True)]


def test_a_run_that_fails_is_told_once(
    account: Account, shop_server: ShopServer, caplog: pytest.LogCaptureFixture
) -> None:
    shop_server.behaviour = lambda products: refusal(403)
    body = json.dumps(account.notification(account.upload(HEADER + rows(2))))
    assert handler.handle({"Records": [message(1, body)]}, Context()) == {
        "batchItemFailures": [{"itemIdentifier": "1"}]
    }
    [told] = [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]
    assert (told.body, told.exc_info[0]) == (body, ShopRefused)


def test_the_same_notification_twice_imports_once(account: Account, shop_server: ShopServer) -> None:
    version = account.upload(HEADER + rows(3))
    account.call(version)
    account.call(version)
    assert len(shop_server.batches) == 1
    assert (account.report(version)["created"], account.report(version)["runs"]) == (3, 1)


def test_two_runs_at_once_for_one_version_import_once(account: Account, shop_server: ShopServer) -> None:
    version = account.upload(HEADER + rows(5000))
    together = threading.Barrier(4)

    def call() -> bool:
        together.wait()
        try:
            account.call(version)
        except Busy:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        ended = [done.result() for done in [pool.submit(call) for _ in range(4)]]

    assert True in ended
    sent = [product_id for batch in shop_server.batches for product_id in batch]
    assert len(sent) == len(set(sent)) == 5000
    assert account.report(version)["created"] == 5000


def test_a_file_too_long_for_one_run_goes_on_in_the_next(account: Account, shop_server: ShopServer) -> None:
    text = HEADER + rows(8000) + "bad\n" + rows(8000, first=8000) + "P1,again,1\n" + rows(14_000, first=16_000)
    shop_server.behaviour = lambda products: time.sleep(0.8)
    version = account.upload(text)
    account.call(version, seconds=4)
    ended, calls = account.report(version), 1
    assert (ended["status"], ended["lease_until"]) == ("waiting", 0)
    assert 0 < ended["rows_read"] < 30_002
    while messages := account.continuations():
        assert len(messages) == 1
        assert calls < 10
        handler.handle(messages[0], Context(4))
        calls += 1

    report = account.report(version)
    assert (report["status"], report["runs"]) == ("finished", calls)
    assert [report[name] for name in ("rows_read", "created", "rejected")] == [30_002, 30_000, 2]
    assert [row["error_line"] for row in account.errors(report)] == ["8002", "16003"]
    assert calls > 1
    sent = [product_id for batch in shop_server.batches for product_id in batch]
    assert len(sent) == len(set(sent))


def test_a_run_that_was_killed_goes_on_where_its_record_ends(
    account: Account, shop_server: ShopServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "SAVED_SECONDS", 0)
    version = account.upload(HEADER + rows(3000) + "bad\n" + rows(3000, first=3000))

    with monkeypatch.context() as dying:
        dying.setattr(importing.Import, "_leave", lambda *arguments: None)
        dying.setattr(Shop, "upsert", dying_after(3))
        with pytest.raises(KilledHere):
            account.call(version, seconds=3)
    stopped = account.report(version)
    assert stopped["status"] == "running"
    assert 0 < stopped["rows_read"] < 6001
    with pytest.raises(Busy):
        account.call(version)
    time.sleep(max(0, stopped["lease_until"] + 2.1 - time.time()))
    account.call(version)

    report = account.report(version)
    assert [report[name] for name in ("rows_read", "created", "rejected", "runs")] == [6001, 6000, 1, 2]
    assert len(account.errors(report)) == 1


def test_a_shop_that_is_busy_is_asked_again_and_no_row_is_lost(account: Account, shop_server: ShopServer) -> None:
    answers = iter([refusal(503), refusal(429), refusal(502), refusal(504), None, refusal(503)])
    shop_server.behaviour = lambda products: next(answers, None)
    report = account.imported(HEADER + rows(2000))
    assert (report["created"], report["rejected"]) == (2000, 0)
    assert len(shop_server.batches) == 7


@pytest.mark.check_all
def test_a_minute_of_503_loses_no_row(account: Account, shop_server: ShopServer) -> None:
    away = time.monotonic() + 60
    busy = refusal(503, Retry_After="5")
    shop_server.behaviour = lambda products: busy if len(shop_server.batches) > 2 and time.monotonic() < away else None
    report = account.imported(HEADER + rows(10_000))
    assert [report[name] for name in ("status", "created", "rejected")] == ["finished", 10_000, 0]
    assert report["duration_seconds"] > 55
    assert len(shop_server.batches) < 100


def test_retry_after_is_obeyed(account: Account, shop_server: ShopServer) -> None:
    answers = iter([refusal(503, Retry_After="1")])
    shop_server.behaviour = lambda products: next(answers, None)
    account.imported(HEADER + rows(1))
    assert shop_server.times[1] - shop_server.times[0] >= 1


def test_a_shop_that_stays_away_keeps_the_notification_and_the_place(account: Account, shop_server: ShopServer) -> None:
    version = account.upload(HEADER + rows(2500))
    shop_server.behaviour = lambda products: refusal(503) if len(shop_server.batches) > 1 else None
    account.call(version, seconds=1.5)  # something was settled: the next run comes by our own queue
    [continuation] = account.continuations()
    settled = account.report(version)["rows_read"]
    with pytest.raises(ShopUnavailable):  # nothing was: the notification comes again, and is put aside in the end
        handler.handle(continuation, Context(1))
    assert account.report(version)["reason"].startswith("ShopUnavailable")

    shop_server.behaviour = lambda products: None
    handler.handle(continuation, Context())
    report = account.report(version)
    assert settled in (500, 1000)
    assert [report[name] for name in ("status", "rows_read", "rejected")] == ["finished", 2500, 0]


def test_a_batch_that_is_refused_whole_is_halved_until_the_row_is_found(
    account: Account, shop_server: ShopServer
) -> None:
    def behaviour(products: list[dict[str, Any]]) -> Answer | None:
        return refusal(400, "P777 is no good.") if "P777" in {each["product_id"] for each in products} else None

    shop_server.behaviour = behaviour
    report = account.imported(HEADER + rows(1000))
    assert (report["created"], report["rejected"]) == (999, 1)
    [error] = account.errors(report)
    assert (error["error_line"], error["error_reason"]) == ("779", "P777 is no good")
    assert len(shop_server.batches) <= 21


def test_a_row_that_breaks_the_shop_is_rejected_and_the_others_are_not(
    account: Account, shop_server: ShopServer
) -> None:
    def behaviour(products: list[dict[str, Any]]) -> Answer | None:
        return (500, {}, {}) if "P3" in {each["product_id"] for each in products} else None

    shop_server.behaviour = behaviour
    report = account.imported(HEADER + rows(8))
    assert (report["created"], report["rejected"]) == (7, 1)
    assert account.errors(report)[0]["error_reason"] == "The shop cannot take it (HTTP 500)"


@pytest.mark.parametrize("status", [400, 422])
def test_a_row_that_is_refused_after_the_shop_failed_is_the_only_one(
    account: Account, shop_server: ShopServer, status: int
) -> None:
    answers = iter([(500, {}, {}), refusal(status)])
    shop_server.behaviour = lambda products: next(answers, None)
    report = account.imported(HEADER + rows(2))
    assert [report[name] for name in ("status", "created", "rejected")] == ["finished", 2, 0]


@pytest.mark.parametrize("status", [500, 501, 503])
def test_a_token_that_is_not_given_at_the_moment_is_asked_for_again(
    account: Account, shop_server: ShopServer, status: int
) -> None:
    shop_server.token_refusals = [refusal(status)] * 4
    report = account.imported(HEADER + rows(2))
    assert [report[name] for name in ("status", "created", "rejected")] == ["finished", 2, 0]


@pytest.mark.parametrize("status", [400, 401, 413, 422])
def test_a_token_that_is_not_given_at_all_rejects_no_row(
    account: Account, shop_server: ShopServer, status: int
) -> None:
    shop_server.token_refusals = [refusal(status, "Not you.")]
    version = account.upload(HEADER + rows(2))
    with pytest.raises(ShopRefused, match=f"POST /auth/token answered {status}. Not you."):
        account.call(version)
    account.call(version)
    report = account.report(version)
    assert [report[name] for name in ("status", "created", "rejected")] == ["finished", 2, 0]


def test_a_token_that_is_refused_is_replaced_once(account: Account, shop_server: ShopServer) -> None:
    answers = iter([refusal(401)])
    shop_server.behaviour = lambda products: next(answers, None)
    assert account.imported(HEADER + rows(1))["created"] == 1
    assert shop_server.tokens_given == 2


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_an_operator_must_mend_is_tried_once_and_goes_on_afterwards(
    account: Account, shop_server: ShopServer, status: int
) -> None:
    version = account.upload(HEADER + rows(1))
    shop_server.behaviour = lambda products: refusal(status, "Not you.")
    with pytest.raises(ShopRefused, match=f"answered {status}: Not you."):
        account.call(version)
    assert len(shop_server.batches) == (2 if status == 401 else 1)
    shop_server.behaviour = lambda products: None
    account.call(version)
    assert account.report(version)["created"] == 1


def test_a_token_is_kept_until_a_minute_before_its_end(account: Account, shop_server: ShopServer) -> None:
    shop_server.token_seconds = 60
    account.imported(HEADER + rows(3000))
    assert shop_server.tokens_given == 3
    shop_server.token_seconds = 300
    account.imported(HEADER + rows(3000))
    account.imported(HEADER + rows(3000))
    assert shop_server.tokens_given == 4


def test_a_rotated_secret_is_read_again(account: Account, shop_server: ShopServer) -> None:
    account.keep_secret("an old one")
    version = account.upload(HEADER + rows(1))
    with pytest.raises(ShopRefused):
        account.call(version)
    account.keep_secret("open sesame")
    account.call(version)
    assert account.report(version)["created"] == 1


def test_a_gzip_that_breaks_off_says_so_and_keeps_what_came_before(account: Account, shop_server: ShopServer) -> None:
    dice = random.Random(1)
    text = HEADER + "".join(f"P{number},{dice.randbytes(20).hex()},1.00\n" for number in range(12_000))
    whole = gzip.compress(text.encode())
    report = account.imported(whole[: len(whole) // 2], "products.csv.gz")
    assert report["status"] == "failed"
    assert "breaks off before its end" in report["reason"]
    assert report["created"] == report["rows_read"] == len(shop_server.products) > 4000
    assert account.imported(whole, "products.csv.gz")["rows_read"] == 12_000


def test_a_gzip_that_is_damaged_says_so(account: Account) -> None:
    whole = bytearray(gzip.compress((HEADER + rows(5000)).encode()))
    whole[len(whole) // 2] ^= 255
    report = account.imported(bytes(whole), "products.csv.gz")
    assert report["status"] == "failed"
    assert "damaged" in report["reason"]


@pytest.mark.parametrize("filling", [b"0", b"1,2," + b"3" * 1000 + b"\n"])
def test_a_bomb_is_given_up(account: Account, filling: bytes) -> None:
    bomb = gzip.compress(HEADER.encode() + filling * (10 * 2**20 // len(filling)))
    report = account.imported(bomb, "products.csv.gz")
    assert report["status"] == "failed"
    assert "no catalogue" in report["reason"]


def test_a_huge_row_and_nul_bytes_cost_their_own_rows_alone(account: Account, shop_server: ShopServer) -> None:
    report = account.imported(HEADER + f"P1,{'x' * 5 * 2**20},1\nP2,a\0b,1\nP3,c,1\0\nP4,d,1\n")
    assert shop_server.products.keys() == {"P2", "P4"}
    assert [row["error_line"] for row in account.errors(report)] == ["2", "4"]


def test_a_connection_to_the_bucket_that_breaks_is_made_again(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def __init__(self, body: Any) -> None:
            self._body = body

        def iter_chunks(self, size: int) -> Iterator[bytes]:
            yield self._body.read(1000)
            raise ResponseStreamingError(error="reset")

    rest, broken = StoredObject._rest, iter([True, True, True])
    monkeypatch.setattr(StoredObject, "_rest", lambda self: Broken(rest(self)) if next(broken, False) else rest(self))
    assert account.imported(HEADER + rows(2000))["created"] == 2000


def test_a_process_that_is_not_configured_says_what_is_missing(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ECOM_REPORTS_BUCKET")
    with pytest.raises(Misconfigured, match="ECOM_REPORTS_BUCKET is not set"):
        Configuration.of_environment()
    with pytest.raises(Misconfigured, match="ECOM_IMPORT_IN_FLIGHT is '99'"):
        Configuration.of_environment({**os.environ, "ECOM_REPORTS_BUCKET": "b", "ECOM_IMPORT_IN_FLIGHT": "99"})
