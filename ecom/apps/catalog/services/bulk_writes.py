"""Batches of products that have a name: done once, however often they are sent."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict

from django.db import transaction

from ecom.apps.catalog.services.products import Outcome, ProductRow, upsert_products
from ecom.apps.catalog.sql import ALIAS, execute, rows_of

BATCH = 500
KEPT_DAYS = 2
# As they are stored: "created" and the others differ in their first two letters.
_LETTERS = {outcome.value[:2]: outcome for outcome in Outcome}


class OtherBatch(Exception):
    """The name was used for another batch."""


def upsert_once(*, key: str, rows: Sequence[ProductRow]) -> dict[str, Outcome]:
    """As `upsert_products`, and the same batch under the same key changes nothing, whatever was sold since.

    It is answered with the outcomes of the first time. Raises OtherBatch. Two statements more than without a key, two
    in all where the key is known; who comes at the same time waits for the first.
    """
    digest = _digest(rows)
    with transaction.atomic(using=ALIAS):
        claimed = rows_of(
            "INSERT INTO catalog_bulkwrite (key, digest, outcomes) VALUES (%s, %s, '') "
            "ON CONFLICT (key) DO NOTHING RETURNING id",
            [key, digest],
        )
        if not claimed:
            return _earlier(key, digest, rows)
        outcomes = upsert_products(rows=rows) if rows else {}
        letters = "".join(outcomes[row.product_id].value[:2] for row in rows)
        execute("UPDATE catalog_bulkwrite SET outcomes = %s WHERE id = %s", [letters, claimed[0][0]])
    return outcomes


def purge_bulk_writes() -> int:
    """Forget some batches of more than two days ago. Returns how many there were."""
    forgotten = rows_of(
        "DELETE FROM catalog_bulkwrite WHERE id IN (SELECT id FROM catalog_bulkwrite "
        "WHERE created_at < statement_timestamp() - make_interval(days => %s) LIMIT %s FOR UPDATE SKIP LOCKED) "
        "RETURNING id",
        [KEPT_DAYS, BATCH],
    )
    return len(forgotten)


def _digest(rows: Sequence[ProductRow]) -> str:
    """Of what the rows say: a column that they leave as it is may be one that came with the next release."""
    said = [{name: value for name, value in asdict(row).items() if value is not None} for row in rows]
    return hashlib.sha256(repr(said).encode()).hexdigest()


def _earlier(key: str, digest: str, rows: Sequence[ProductRow]) -> dict[str, Outcome]:
    [(known, letters)] = rows_of("SELECT digest, outcomes FROM catalog_bulkwrite WHERE key = %s", [key])
    if known != digest:
        raise OtherBatch
    pairs = [letters[at : at + 2] for at in range(0, len(letters), 2)]
    return {row.product_id: _LETTERS[pair] for row, pair in zip(rows, pairs, strict=True)}
