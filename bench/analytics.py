"""Analytics at the gateway over 1,000,000 stored windows: what a question costs, and what 200 streams cost the shop.

The shop is measured in turns, without streams and with them, so that what else the machine does meets both.
"""

import itertools
import random
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import urllib3

from bench import load, results, traffic
from bench.listeners import Listeners
from bench.load import Load
from bench.metrics import metric
from bench.stored_windows import MINUTE, TOP, StoredWindows, text
from local.processes import PROCESSES
from local.stack import Stack

PRODUCTS = MINUTES = 1000
AT_ONCE = 20
PATHS = 5000
CLIENTS = 200
TURNS = 2
TURN_SECONDS = 65  # a minute ends in each
SHOP = "/products?limit=20"
PRESENT = {"Cache-Control": "no-cache"}
STREAM = "/analytics/stream"

Figure = dict[str, object]


def run(stack: Stack) -> None:
    """Measure and record; the stack runs on the clock's time without other shoppers."""
    product_ids = _product_ids(stack)
    present = datetime.now(UTC).replace(second=0, microsecond=0)
    starts = [present - minute * MINUTE for minute in range(MINUTES, 0, -1)]
    stored = StoredWindows(stack.dynamodb.endpoint).store(product_ids, starts)
    questions = list(_questions(stack, product_ids, starts))
    # Some products are viewed each second, so that each minute has a list.
    some = (product_ids[: number % TOP + 1] for number in itertools.count(1))
    with traffic.views(stack.url("gateway"), some, seconds=1):
        streams = list(_streams(stack))
    notes = [
        f"{stored:,} windows are stored: {PRODUCTS:,} products in {MINUTES:,} minutes. One client asks one question "
        "after the other; for the rate there are 8. `reads` are those of DynamoDB for a request, and for an update in "
        f"each of the gateway's {PROCESSES['gateway']} processes, over which the streams are spread.",
        "`of_without` compares the shop's p50 with that without streams, in turns of the same run. An update's "
        "milliseconds are those from the first client that is told to the last.",
    ]
    results.record("analytics", [*questions, *streams], notes=notes)


def _product_ids(stack: Stack) -> list[str]:
    """Those of the catalogue's first products, which the lists have with their titles, and made-up ones."""
    page = urllib3.request("GET", f"{stack.url('gateway')}/products?limit={TOP}").json()["results"]
    known = [product["product_id"] for product in page]
    return [*known, *(f"P{number}" for number in range(PRODUCTS - len(known)))]


def _questions(stack: Stack, product_ids: Sequence[str], starts: Sequence[datetime]) -> Iterator[Figure]:
    newest, hour = "/analytics/trending", _hour_before(starts[-1])
    one = f"/analytics/products/{product_ids[0]}?{hour}"
    etag = urllib3.request("GET", stack.url("gateway") + newest).headers["ETag"]
    yield _question(stack, "trending, newest minute", _always(stack, newest))
    yield _question(stack, "the same, by a client that has it (304)", _always(stack, newest, **{"If-None-Match": etag}))
    yield _question(stack, "an hour of one product", _always(stack, one))
    chance = random.Random(7)

    def any_hour() -> str:
        return _hour_before(chance.choice(starts[60:]))

    paths_of: dict[str, Callable[[], str]] = {
        "trending, any minute": lambda: f"{newest}?window={text(chance.choice(starts))}",
        "any hour of any product": lambda: f"/analytics/products/{chance.choice(product_ids)}?{any_hour()}",
        f"any hour of any {AT_ONCE} products": lambda: (
            f"/analytics/products?ids={','.join(chance.sample(product_ids, AT_ONCE))}&{any_hour()}"
        ),
    }
    for what, path in paths_of.items():
        with tempfile.NamedTemporaryFile("w") as paths:
            paths.write("\n".join(path() for _ in range(PATHS)))
            paths.flush()
            yield _question(stack, what, partial(load.get_each, stack.url("gateway"), Path(paths.name)))


def _hour_before(end: datetime) -> str:
    return f"from={text(end - 60 * MINUTE)}&to={text(end)}"


def _always(stack: Stack, path: str, **headers: str) -> Callable[..., Load]:
    return partial(load.get, stack.url("gateway") + path, headers=headers)


def _question(stack: Stack, what: str, ask: Callable[..., Load]) -> Figure:
    ask(connections=1, seconds=1)  # warm
    alone = ask(connections=1, seconds=5)
    before = _reads(stack)
    crowd = ask(connections=8, seconds=5)
    return {
        **_times(what, alone),
        "requests_per_second_of_8_clients": crowd.per_second,
        "reads": (_reads(stack) - before) / crowd.requests,
        "of_without": "",
    }


def _times(what: str, measured: Load) -> Figure:
    return {"what": what, "p50_ms": measured.p50_ms, "p95_ms": measured.p95_ms}


@dataclass
class _Turns:
    """What was seen of the shop in each turn, and of the updates while there were streams; times in milliseconds."""

    without: list[Load] = field(default_factory=list)
    within: list[Load] = field(default_factory=list)
    spreads: list[float] = field(default_factory=list)
    reads: float = 0.0


def _streams(stack: Stack) -> Iterator[Figure]:
    turns = _Turns()
    for _ in range(TURNS):
        turns.without.append(_shop(stack))
        with Listeners(stack.url("gateway") + STREAM, clients=CLIENTS) as listeners:
            begun, before = listeners.told_all().keys(), _reads(stack, of="trending")
            turns.within.append(_shop(stack))
            turns.reads += _reads(stack, of="trending") - before
            turns.spreads += [1000 * spread for at, spread in listeners.told_all().items() if at not in begun]
    without, within = _over(turns.without), _over(turns.within)
    columns = {"requests_per_second_of_8_clients": "", "reads": ""}
    yield {"what": "the shop's list of 20, without streams", **without, **columns, "of_without": 1.0}
    ratio = within["p50_ms"] / without["p50_ms"]
    yield {"what": f"the shop's list of 20, with {CLIENTS} streams", **within, **columns, "of_without": ratio}
    yield {
        "what": f"an update for {CLIENTS} streams",
        "p50_ms": statistics.median(turns.spreads),
        "p95_ms": max(turns.spreads),
        **columns,
        "reads": turns.reads / len(turns.spreads) / PROCESSES["gateway"],
        "of_without": "",
    }


def _shop(stack: Stack) -> Load:
    """What a shopper waits for whose list comes from the catalog."""
    return load.get(stack.url("gateway") + SHOP, headers=PRESENT, connections=1, seconds=TURN_SECONDS)


def _over(turns: Sequence[Load]) -> dict[str, float]:
    return {
        "p50_ms": statistics.mean(turn.p50_ms for turn in turns),
        "p95_ms": statistics.mean(turn.p95_ms for turn in turns),
    }


def _reads(stack: Stack, **labels: str) -> float:
    return metric(stack, "gateway", "ecom_gateway_analytics_reads_total", **labels)
