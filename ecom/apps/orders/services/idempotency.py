"""One answer for one Idempotency-Key: whoever claims the key works, whoever comes with it later gets the same answer.

A claim is a lease: whoever died with it is followed by the next who asks, under the same order id, and whoever was only
slow finds the claim lost. Answers that placed an order are kept; a refusal leaves nothing behind, so that the same key
may try again.
"""

import time
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.db import connections
from django.db.models.functions import Now

from ecom.apps.orders.models import ALIAS, IdempotencyKey, new_order_id

# Long enough for a request whose services answer, and shorter than anybody waits: who comes back after a crash goes on.
LEASE = timedelta(seconds=3)
KEEP = timedelta(hours=48)
WAIT_SECONDS = 4.0  # within the gateway's deadline
POLL_SECONDS = 0.04


class OtherRequest(Exception):
    """The key was used for a request with another body."""


class StillRunning(Exception):
    """The request with this key goes on, and there is no answer yet."""


class ClaimLost(Exception):
    """Another request with this key has gone on meanwhile: this one was too slow."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered, to be answered again byte by byte."""

    status: int
    location: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to answer, until another takes it; `order_id` is what the order will be called."""

    pk: int
    order_id: str
    attempt: int


# The clock is read when the row is locked: who waited for it sees the time after that.
_CLAIM = """
    INSERT INTO orders_idempotencykey AS k
        (customer_id, key, fingerprint, order_id, attempt, lease_until, location)
    VALUES (%(customer_id)s, %(key)s, %(fingerprint)s, %(order_id)s, 1, clock_timestamp() + %(lease)s, '')
    ON CONFLICT (customer_id, key) DO UPDATE SET
        attempt = k.attempt + 1, lease_until = clock_timestamp() + %(lease)s
    WHERE k.status IS NULL AND k.lease_until < clock_timestamp() AND k.fingerprint = excluded.fingerprint
    RETURNING id, order_id, attempt
"""


def claim(*, customer_id: str, key: str, fingerprint: str) -> Claim | Answer:
    """The right to answer, or the answer that was given; waits up to 4 s where another has the key.

    Raises OtherRequest, StillRunning. One statement where nobody else has the key.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        if claimed := _claimed(customer_id, key, fingerprint):
            return claimed
        known = _known(customer_id, key, fingerprint)
        if known:
            return known
        if time.monotonic() > deadline:
            raise StillRunning
        time.sleep(POLL_SECONDS)


def _claimed(customer_id: str, key: str, fingerprint: str) -> Claim | None:
    parameters: dict[str, Any] = {
        "customer_id": customer_id,
        "key": key,
        "fingerprint": fingerprint,
        "order_id": new_order_id(),
        "lease": LEASE,
    }
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(_CLAIM, parameters)
        row = cursor.fetchone()
    return Claim(*row) if row else None


def _known(customer_id: str, key: str, fingerprint: str) -> Answer | None:
    row = IdempotencyKey.objects.filter(customer_id=customer_id, key=key).first()
    if row is None or (row.fingerprint == fingerprint and row.status is None):
        return None
    if row.fingerprint != fingerprint:
        raise OtherRequest
    return Answer(row.status or 0, row.location, bytes(row.body or b""))


def keep(claim: Claim, answer: Answer) -> None:
    """Store the answer, in the transaction that makes it true. One statement. Raises ClaimLost."""
    values = {"status": answer.status, "location": answer.location, "body": answer.body}
    if not _mine(claim).update(**values):
        raise ClaimLost


def rename(claim: Claim) -> Claim:
    """Another order id under the same key. One statement. Raises ClaimLost."""
    renamed = replace(claim, order_id=new_order_id())
    if not _mine(claim).update(order_id=renamed.order_id):
        raise ClaimLost
    return renamed


def forget(claim: Claim) -> bool:
    """No order was placed: the key is as if it had never been used. Whether it was still ours. One statement."""
    return bool(_mine(claim).delete()[0])


def give_up(claim: Claim) -> None:
    """Something may have been done: the next who asks goes on at once, under the same order id. One statement."""
    _mine(claim).update(lease_until=Now())


def _mine(claim: Claim) -> Any:
    return IdempotencyKey.objects.filter(pk=claim.pk, attempt=claim.attempt, status=None)


def purge_keys() -> int:
    """Remove the keys that are older than 48 hours. Returns how many."""
    return IdempotencyKey.objects.filter(created_at__lt=Now() - KEEP).delete()[0]
