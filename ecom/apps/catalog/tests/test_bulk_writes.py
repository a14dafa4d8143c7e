"""A batch with a name is done once: what is sent again, however late, is only answered."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from ecom.apps.catalog.models import BulkWrite, Product
from ecom.apps.catalog.services import bulk_writes
from ecom.apps.catalog.tasks import purge_bulk_writes
from ecom.apps.catalog.tests.test_bulk import row
from ecom.apps.catalog.tests.test_product_writes import ask

pytestmark = [pytest.mark.django_db, pytest.mark.urls("ecom.urls.catalog")]


def send(*rows: Any, key: str = "batch-0001", status: int = 200) -> Any:
    response = ask("POST", "/products/bulk", {"products": rows}, idempotency_key=key)
    assert response.status_code == status, response.content
    return response.json()


def test_the_same_batch_again_sets_no_stock_and_has_its_first_answer() -> None:
    batch = (row("A", stock=10), {"product_id": "bad"}, row("B", stock=5))
    first = send(*batch)
    Product.objects.filter(product_id="A").update(stock=7)  # three are sold

    assert send(*batch) == first
    assert [result["outcome"] for result in first["results"]] == ["created", "rejected", "created"]
    assert Product.objects.get(product_id="A").stock == 7
    again = send(*batch, key="batch-0002")
    assert [result["outcome"] for result in again["results"]] == ["updated", "rejected", "unchanged"]


def test_another_batch_under_the_same_key_is_refused() -> None:
    send(row("A", stock=10))
    assert send(row("A", stock=11), status=422)["type"].endswith("idempotency-key-reused")
    assert Product.objects.get(product_id="A").stock == 10


@pytest.mark.parametrize("key", ["short", "x" * 65, "with space", ""])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    assert send(row("A"), key=key, status=400)["errors"][0]["pointer"] == "Idempotency-Key"


@pytest.mark.django_db(transaction=True)
def test_who_comes_at_the_same_time_waits_for_the_first() -> None:
    batch = [row(f"P{number}", stock=1) for number in range(300)]

    def sent(_: int) -> list[str]:
        try:
            return [result["outcome"] for result in send(*batch)["results"]]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(sent, range(4))) == [["created"] * 300] * 4


def test_batches_are_forgotten_after_two_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_writes, "BATCH", 2)
    for number in range(6):
        send(row("A"), key=f"batch-{number:04}")
    BulkWrite.objects.filter(pk__in=BulkWrite.objects.all()[:5]).update(created_at=timezone.now() - timedelta(days=3))
    purge_bulk_writes()
    assert BulkWrite.objects.count() == 1
