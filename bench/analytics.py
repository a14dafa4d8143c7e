"""Analytics at the gateway over 1,000,000 stored windows: what a question costs, and what 200 streams cost the shop.

The shop is measured in turns, without streams and with them, so that what else the machine does meets both.
"""

import itertools
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import urllib3

from bench import load, results, traffic
from bench.listeners import Listeners
from bench.load import Load
from bench.metrics import metric
from bench.stored_windows import MINUTE, TOP, WRITERS, StoredWindows, text
from local.processes import PROCESSES
from local.stack import Stack

PRODUCTS = MINUTES = 1000
AT_ONCE = 20
PATHS = 5000
BARE_TIMES = 200
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
    windows = StoredWindows(stack.dynamodb.endpoint)
    stored = windows.store(product_ids, starts)
    questions = [*_questions(stack, product_ids, starts), *_bare(windows, product_ids, starts)]
    # Some products are viewed each second, so that each minute has a list.
    some = (product_ids[: number % TOP + 1] for number in itertools.count(1))
    with traffic.views(stack.url("gateway"), some, seconds=1):
        streams = list(_streams(stack))
    notes = [
        f"{stored:,} windows are stored: {PRODUCTS:,} products in {MINUTES:,} minutes. One client asks one question "
        "after the other; for the rate there are 8. `reads` are those of DynamoDB for a request, and for an update in "
        f"each of the gateway's {PROCESSES['gateway']} processes, over which the streams are spread.",
        "A bare Query is the one that the gateway makes, of DynamoDB Local itself and without an SDK: the least that "
        "an answer about any hour can take here.",
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
    some = f"/analytics/products?ids={','.join(product_ids[:AT_ONCE])}&{hour}"
    yield _question(stack, f"an hour of {AT_ONCE} products", _always(stack, some))
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


def _bare(windows: StoredWindows, product_ids: Sequence[str], starts: Sequence[datetime]) -> Iterator[Figure]:
    chance = random.Random(8)

    def query(product_id: str) -> None:
        end = chance.choice(starts[60:])
        windows.read(product_id, end - 60 * MINUTE, end)

    def seconds(some: Sequence[str], readers: ThreadPoolExecutor) -> float:
        begun = time.perf_counter()
        list(readers.map(query, some))
        return time.perf_counter() - begun

    with ThreadPoolExecutor(WRITERS) as readers:
        for what, at_once in (("a bare Query of any hour", 1), (f"{AT_ONCE} of them, {WRITERS} at a time", AT_ONCE)):
            took = [1000 * seconds(chance.sample(product_ids, at_once), readers) for _ in range(BARE_TIMES)]
            ranked = statistics.quantiles(took, n=20)
            yield {
                "what": what,
                "p50_ms": statistics.median(took),
                "p95_ms": ranked[-1],
                "requests_per_second_of_8_clients": "",
                "reads": at_once,
                "of_without": "",
            }


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
