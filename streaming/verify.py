"""Comparing DynamoDB with what a recount of the topic says of a range of finished windows."""

import json
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import Any

from streaming.failures import WRONG_OPTION, Failure
from streaming.options import Options
from streaming.progress import final_before
from streaming.recount import MINUTE_MS, Recount, recount, rfc3339
from streaming.tables import CONNECTIONS, connect

CHUNK_MS = 30 * MINUTE_MS  # counted at a time, so that a long range needs no more memory than a short one

Items = dict[tuple[str, str], dict[str, Any]]


class NotFinal(Failure):
    """The range is empty, or holds windows that the job can still write."""

    exit_code = WRONG_OPTION


@dataclass(frozen=True)
class Difference:
    """An item that is not what it must be: its table and key, the numbers that differ; None for no item."""

    table: str
    key: tuple[str, str]
    found: Mapping[str, Any] | None
    expected: Mapping[str, Any] | None


@dataclass(frozen=True)
class Comparison:
    """How many items a range must have, and those that differ."""

    items: int
    differences: list[Difference]


def check_range(options: Options, start_ms: int, end_ms: int) -> None:
    """Refuse a range that is empty, not of the broker's clock, or not final."""
    if options.recorded_time:
        raise NotFinal("a recording's windows depend on the order of its events: count it again as a whole")
    final = final_before(options)
    if not start_ms < end_ms:
        raise NotFinal("the range is empty: --from must be before --to")
    if end_ms > final:
        raise NotFinal(
            f"the job can still write windows from {rfc3339(final)} on: --to must not be after that" if final
            else f"no job of the group {options.group_id} has finished a window yet"
        )  # fmt: skip


def compare(options: Options, start_ms: int, end_ms: int, *, strays: bool) -> Comparison:
    """Recount the windows from `start_ms` to before `end_ms` (whole minutes) and compare each with its item.

    With `strays` the whole table is read, for items of products without events; else only products with events in the
    same half hour are asked for.
    """
    items, differences = 0, []
    present = _products(options, start_ms, end_ms) if strays else set()
    for start in range(start_ms, end_ms, CHUNK_MS):
        end = min(start + CHUNK_MS, end_ms)
        counted = recount(options, start, end)
        for table, expected, found in _tables(options, counted, present, start, end):
            items += len(expected)
            differences += _differences(table, expected, found)
    return Comparison(items, differences)


def _tables(
    options: Options, counted: Recount, present: set[str], start: int, end: int
) -> Iterator[tuple[str, Items, Items]]:
    """Each table with what the range must hold and what it does hold."""
    products, minutes = counted.product_items(), counted.minute_items()
    names = sorted({product for product, _ in products} | present)
    yield options.analytics_table, products, _stored(options, options.analytics_table, "product_id", names, start, end)
    yield (
        options.trending_table,
        minutes,
        _stored(options, options.trending_table, "granularity", ("1m", "status"), start, end),
    )


def _differences(table: str, expected: Items, found: Items) -> Iterator[Difference]:
    for key in sorted(expected.keys() | found.keys()):
        must, has = expected.get(key), found.get(key)
        if must is None or has is None:
            yield Difference(table, key, has, must)
        elif other := {name: value for name, value in must.items() if has.get(name) != value}:
            yield Difference(table, key, {name: has.get(name) for name in other}, other)


def _stored(options: Options, table: str, key: str, values: Iterable[str], start: int, end: int) -> Items:
    """The items of the range for each value of the key: one query each, so that items nobody expects are seen too."""
    client = connect(options)

    def query(value: str) -> Items:
        pages = client.get_paginator("query").paginate(
            TableName=table, ConsistentRead=True,
            KeyConditionExpression=f"{key} = :key AND window_start BETWEEN :first AND :last",
            ExpressionAttributeValues={
                ":key": {"S": value}, ":first": {"S": rfc3339(start)}, ":last": {"S": rfc3339(end - MINUTE_MS)},
            },
        )  # fmt: skip
        return {(value, item["window_start"]["S"]): _plain(item) for page in pages for item in page["Items"]}

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return dict(chain.from_iterable(found.items() for found in pool.map(query, values)))


def _products(options: Options, start: int, end: int) -> set[str]:
    """The products that have an item in the range: one look at every item of the table, on all connections at once."""
    client = connect(options)

    def scan(segment: int) -> set[str]:
        pages = client.get_paginator("scan").paginate(
            TableName=options.analytics_table, Segment=segment, TotalSegments=CONNECTIONS,
            FilterExpression="window_start BETWEEN :first AND :last", ProjectionExpression="product_id",
            ExpressionAttributeValues={":first": {"S": rfc3339(start)}, ":last": {"S": rfc3339(end - MINUTE_MS)}},
        )  # fmt: skip
        return {item["product_id"]["S"] for page in pages for item in page["Items"]}

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return set().union(*pool.map(scan, range(CONNECTIONS)))


def _plain(item: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """An item's numbers and texts, without what it says of its writing."""
    values = {name: int(value["N"]) if "N" in value else value["S"] for name, value in item.items()}
    plain = {name: value for name, value in values.items() if name.endswith("_count") or name == "watermark"}
    return plain | ({"products": json.loads(str(values["products"]))} if "products" in values else {})
