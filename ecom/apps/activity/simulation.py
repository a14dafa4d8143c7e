"""Sends what simulated shoppers do through the gateway, at a steady rate, for as long as asked.

Shoppers do not wait for the shop: while the gateway or Kafka is away their actions are lost, as a browser's would be,
so memory does not grow, and afterwards the stream goes on at its rate without catching up.
"""

import itertools
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from ecom.apps.activity.clients.gateway import GatewayClient, Unavailable
from ecom.apps.activity.clocks import rfc3339
from ecom.apps.activity.shoppers import Action
from ecom.contracts.raw_event import RawEvent

BATCH_SECONDS = 0.25
BATCH_EVENTS = 400
MAX_PAUSE_SECONDS = 5.0


@dataclass
class Totals:
    """What became of the simulated actions; `trouble` says why they are lost at the moment."""

    accepted: int = 0
    lost: int = 0
    trouble: str = ""


def simulate(
    *,
    client: GatewayClient,
    actions: Iterator[Action],
    rate: float,
    duration: float | None,
    on_batch: Callable[[Totals], None],
) -> Totals:
    """Send `rate` actions a second for `duration` seconds, or until stopped."""
    totals = Totals()
    seconds = min(BATCH_SECONDS, BATCH_EVENTS / rate)
    began = due = time.monotonic()
    sent = 0.0
    failures = 0
    while duration is None or due < began + duration:
        due += seconds
        time.sleep(max(0.0, due - time.monotonic()))
        sent += rate * seconds
        batch = [_event(action) for action in itertools.islice(actions, int(sent))]
        sent -= int(sent)
        failures = 0 if _send(client, batch, totals) else failures + 1
        on_batch(totals)
        if failures:
            time.sleep(random.uniform(0.5, 1.0) * min(MAX_PAUSE_SECONDS, 0.5 * 2 ** min(failures, 5)))
            due = max(due, time.monotonic())
    return totals


def _send(client: GatewayClient, batch: list[RawEvent], totals: Totals) -> bool:
    """Send a batch; False where the shop is away."""
    if not batch:
        return True
    try:
        results = client.send_events(batch)
    except Unavailable as error:
        totals.lost += len(batch)
        totals.trouble = str(error)
        return False
    accepted = sum(result.outcome == "accepted" for result in results)
    totals.accepted += accepted
    totals.lost += len(batch) - accepted
    totals.trouble = ""
    return True


def _event(action: Action) -> RawEvent:
    return RawEvent(
        user_id=action.user_id,
        product_id=action.product_id,
        event_type=action.event_type,
        timestamp=rfc3339(datetime.now(UTC)),
        session_id=action.session_id,
    )
