"""The last step of the job: finished windows go to DynamoDB, as vectorized functions that return what they wrote.

At least once: a window whose write fails for 30 s fails the job, which replays it from the checkpoint; an item's key
is the window, so a repeated write changes nothing.
"""

import json
import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import repeat
from typing import Any

import boto3
import pandas as pd
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError
from pyflink.table import DataTypes
from pyflink.table.udf import FunctionContext, ScalarFunction, udf

BATCH = 25  # the most that batch_write_item takes
RETRY_SECONDS = 30.0
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0
DAY = 24 * 3600
PRODUCT_NUMBERS = (
    "unique_user_count", "verified_user_count", "event_count", "bot_event_count",
    "view_count", "cart_count", "wishlist_count", "purchase_count", "other_count",
)  # fmt: skip

Item = dict[str, Any]


class WriteFailed(Exception):
    """DynamoDB did not take all items within the retry time."""


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Where and how a writer writes; `run_id` marks each item with the run that wrote it."""

    table: str
    endpoint: str
    run_id: str
    retention_days: int
    concurrency: int

    def connect(self) -> Any:
        """A client whose retries are ours and whose pool holds all calls in flight."""
        config = Config(
            retries={"mode": "standard", "total_max_attempts": 1},
            max_pool_connections=self.concurrency,
            connect_timeout=3,
            read_timeout=10,
        )
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        return boto3.client("dynamodb", region_name=region, endpoint_url=self.endpoint or None, config=config)


class Effort:
    """What the writing has cost so far: counted by the threads that write, taken by the one that reports it."""

    NAMES = ("items", "calls", "retries", "milliseconds")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sums = dict.fromkeys(self.NAMES, 0)

    def add(self, **numbers: int) -> None:
        """Add to the sums."""
        with self._lock:
            for name, number in numbers.items():
                self._sums[name] += number

    def take(self) -> dict[str, int]:
        """The sums since the last time."""
        with self._lock:
            taken, self._sums = self._sums, dict.fromkeys(self.NAMES, 0)
        return taken


class TableWriter:
    """Writes items in batches, a bounded number at a time."""

    def __init__(self, destination: Destination, retry_seconds: float = RETRY_SECONDS) -> None:
        self.effort = Effort()
        self._destination = destination
        self._client = destination.connect()
        self._pool = ThreadPoolExecutor(destination.concurrency, "dynamodb")
        self._retry_seconds = retry_seconds

    def write(self, items: Sequence[Item]) -> None:
        """Write all items (plain strings and whole numbers); raise WriteFailed after the retry time."""
        stamped = [_typed(item | self._stamp()) for item in items]
        batches = [stamped[start : start + BATCH] for start in range(0, len(stamped), BATCH)]
        for _ in self._pool.map(self._write_batch, batches):
            pass

    def close(self) -> None:
        """Let go of the threads and connections."""
        self._pool.shutdown()
        self._client.close()

    def _stamp(self) -> Item:
        now = time.time()
        return {
            "run_id": self._destination.run_id,
            "updated_at": datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "expires_at": int(now) + self._destination.retention_days * DAY,
        }

    def _write_batch(self, batch: list[Item]) -> None:
        table = self._destination.table
        rest = [{"PutRequest": {"Item": item}} for item in batch]
        for attempt in _attempts(self._retry_seconds):
            before, asked = time.monotonic(), len(rest)
            rest, problem = self._try(table, rest)
            took = round((time.monotonic() - before) * 1000)
            self.effort.add(items=asked - len(rest), calls=1, retries=min(attempt, 1), milliseconds=took)
            if not rest:
                return
        raise WriteFailed(
            f"{table}: {len(rest)} of {len(batch)} items not written in {self._retry_seconds} s: {problem}"
        )

    def _try(self, table: str, requests: list[Item]) -> tuple[list[Item], str]:
        try:
            answer = self._client.batch_write_item(RequestItems={table: requests})
        except ClientError as error:
            if not _passes(error):
                raise
            return requests, str(error)
        except (ConnectionError, HTTPClientError) as error:
            return requests, str(error)
        return answer["UnprocessedItems"].get(table, []), "unprocessed items"


class WritingFunction(ScalarFunction):
    """A function for SQL that writes rows to its destination and returns, for each, the run that wrote it."""

    def __init__(self, destination: Destination) -> None:
        self._destination = destination

    def is_deterministic(self) -> bool:
        """No: Flink must neither repeat a call nor work it out beforehand."""
        return False

    def open(self, function_context: FunctionContext) -> None:
        """Connect; the subtasks of a process each have a client of their own."""
        self._writer = TableWriter(self._destination)
        group = function_context.get_metric_group()
        self._counters = {name: group.counter(f"dynamodb_{name}") for name in Effort.NAMES}

    def close(self) -> None:
        """Disconnect."""
        self._writer.close()

    def write(self, items: Sequence[Item]) -> pd.Series:
        """Write the items; return the run's id once for each."""
        try:
            self._writer.write(items)
        finally:
            for name, number in self._writer.effort.take().items():
                self._counters[name].inc(number)
        return pd.Series([self._destination.run_id] * len(items))


class ProductWindowWriter(WritingFunction):
    """Writes one item per product and minute."""

    def eval(
        self, product_id: pd.Series, window_start: pd.Series, window_end: pd.Series, *numbers: pd.Series
    ) -> pd.Series:
        """Write the windows (one a row) and return, for each, the run that wrote it."""
        columns = {"product_id": product_id, "window_start": window_start, "window_end": window_end}
        columns |= dict(zip(PRODUCT_NUMBERS, numbers, strict=True))
        return self.write(list(_rows(columns)))


class WindowWriter(WritingFunction):
    """Writes what a minute has beside its products: the top 100 (`1m`) and the `status`."""

    def eval(
        self, granularity: pd.Series | str, window_start: pd.Series, window_end: pd.Series,
        products: pd.Series | None, event_count: pd.Series, product_count: pd.Series,
    ) -> pd.Series:  # fmt: skip
        """Write the rows and return, for each, the run that wrote it."""
        columns = {
            "granularity": granularity, "window_start": window_start, "window_end": window_end, "products": products,
            "event_count": event_count, "product_count": product_count,
        }  # fmt: skip
        return self.write([_window_item(row) for row in _rows(columns)])


def function(writer: WritingFunction) -> Any:
    """The writer as a vectorized function for SQL."""
    return udf(writer, result_type=DataTypes.STRING(), func_type="pandas", deterministic=False)


def _rows(columns: dict[str, Any]) -> Iterator[Item]:
    """The rows of columns; one that is a literal in the plan comes as a plain value and not as a series."""
    names = list(columns)
    series = (column.tolist() if isinstance(column, pd.Series) else repeat(column) for column in columns.values())
    for values in zip(*series):  # noqa: B905 - repeat() has no end
        yield dict(zip(names, values, strict=True))


def _window_item(row: Item) -> Item:
    key = {name: row[name] for name in ("granularity", "window_start", "window_end")}
    if row["granularity"] == "1m":
        return key | {"products": _ranked(row["products"])}
    # A window is finished once the watermark has passed its end: all before that time is final.
    return key | {
        "watermark": row["window_end"], "event_count": row["event_count"], "product_count": row["product_count"],
    }  # fmt: skip


def _ranked(products: str) -> str:
    """Put the products in order; the aggregation that joined them does not promise one."""
    ranked = sorted(json.loads(f"[{products}]"), key=lambda p: (-p["unique_user_count"], p["product_id"]))
    return json.dumps(ranked, ensure_ascii=False, separators=(",", ":"))


def _typed(item: Item) -> Item:
    return {name: {"S": value} if isinstance(value, str) else {"N": str(int(value))} for name, value in item.items()}


def _passes(error: ClientError) -> bool:
    """Whether the error is one that waiting helps against."""
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    code = error.response["Error"]["Code"]
    return (
        status >= 500 or "Throttl" in code or code in ("ProvisionedThroughputExceededException", "RequestLimitExceeded")
    )


def _attempts(seconds: float, clock: Callable[[], float] = time.monotonic) -> Iterator[int]:
    """Count attempts, pausing between them for a random part of a doubling time, until `seconds` have passed."""
    end, pause, attempt = clock() + seconds, FIRST_PAUSE, 0
    while True:
        yield attempt
        wait = random.uniform(0, pause)
        if clock() + wait > end:
            return
        time.sleep(wait)
        pause, attempt = min(pause * 2, LONGEST_PAUSE), attempt + 1
