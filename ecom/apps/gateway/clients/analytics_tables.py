"""Reads of the two analytics tables in DynamoDB, by key only, with the few attributes that are shown."""

import logging
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
import orjson
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import JSONParser, ResponseParserFactory
from botocore.session import Session
from django.conf import settings
from prometheus_client import Counter

from ecom.apps.gateway.bulkhead import Bulkhead, Full

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

COUNTS = (
    "unique_user_count",
    "verified_user_count",
    "event_count",
    "bot_event_count",
    "view_count",
    "cart_count",
    "wishlist_count",
    "purchase_count",
    "other_count",
)
SIDE_BY_SIDE = 8  # reads at once for those who want several products; more would only wait for a processor
_TRENDING = "window_start, window_end, products, expires_at"
# What DynamoDB's own expiry has not removed yet (it may take days) is not read.
_NOT_EXPIRED = "attribute_not_exists(expires_at) OR expires_at > :now"

READS = Counter("ecom_gateway_analytics_reads", "Reads of DynamoDB, each page, by what was looked for.", ["of"])

Item = dict[str, Any]
Wanted = TypeVar("Wanted")
Found = TypeVar("Found")

log = logging.getLogger(__name__)


class TablesUnavailable(Exception):
    """DynamoDB does not answer, refuses, or is slower than what is asked of it."""


class _ItemsAsTheyCome(JSONParser):
    """Items need no work beyond JSON's: they hold texts and numbers, which botocore would look at one by one only to
    give the same. For an hour of windows that takes more of the processor than all else of a read.
    """

    def _parse_body_as_json(self, body_contents: bytes) -> Any:
        try:
            return orjson.loads(body_contents)
        except orjson.JSONDecodeError:
            return {"message": body_contents.decode(errors="replace")}  # an error's, as in botocore

    def _handle_list(self, shape: object, node: list[Any]) -> list[Any]:
        return node

    def _handle_map(self, shape: object, value: Item) -> Item:
        return value


class _ItemsParserFactory(ResponseParserFactory):
    def create_parser(self, protocol_name: str) -> JSONParser:
        """DynamoDB speaks one protocol."""
        return _ItemsAsTheyCome()


def product_windows(*, product_id: str, first: str, last: str, now: int) -> Iterator[Item]:
    """The windows of a product from `first` to `last` (RFC 3339 minutes, both included), oldest first.

    Items are as DynamoDB gives them, with window_start, expires_at and `COUNTS`. Raises TablesUnavailable.
    """
    return _windows(
        "series",
        settings.PRODUCT_ANALYTICS_TABLE,
        ("product_id", product_id),
        (first, last),
        now=now,
        attributes=", ".join(("window_start", "expires_at", *COUNTS)),
    )


def trending_windows(*, first: str, last: str, now: int) -> Iterator[Item]:
    """The top products of the minutes from `first` to `last`, both included, oldest first. Raises TablesUnavailable."""
    key = ("granularity", "1m")
    return _windows("trending", settings.TRENDING_PRODUCTS_TABLE, key, (first, last), now=now, attributes=_TRENDING)


def trending_window(*, window_start: str) -> Item | None:
    """The top products of one minute, expired or not. Raises TablesUnavailable."""
    answer = _read(
        "trending",
        "get_item",
        TableName=settings.TRENDING_PRODUCTS_TABLE,
        Key={"granularity": {"S": "1m"}, "window_start": {"S": window_start}},
        ProjectionExpression=_TRENDING,
    )
    item: Item | None = answer.get("Item")
    return item


def newest_trending() -> Item | None:
    """The top products of the newest minute that had any, expired or not. Raises TablesUnavailable."""
    return _newest("trending", "1m", _TRENDING)


def newest_status() -> Item | None:
    """The newest status row: window_start, window_end, event_count, updated_at. Raises TablesUnavailable."""
    return _newest("status", "status", "window_start, window_end, event_count, updated_at")


@contextmanager
def waiting() -> Iterator[None]:
    """One of the places for threads that wait for DynamoDB; others of the process go on. Raises TablesUnavailable."""
    try:
        _bulkhead().enter()
    except Full as error:
        raise TablesUnavailable from error
    try:
        yield
    finally:
        _bulkhead().leave()


def side_by_side(read: Callable[[Wanted], Found], wanted: Iterable[Wanted]) -> list[Found]:
    """What `read` gives for each, some at the same time, for a thread that is `waiting`. Raises what `read` raises."""
    return list(_pool().map(read, wanted))


@cache
def dynamodb() -> "DynamoDBClient":
    """This process's client: made once, after the fork, without a call."""
    config = Config(
        connect_timeout=1,
        read_timeout=2,
        retries={"mode": "standard", "total_max_attempts": 2},
        max_pool_connections=settings.REQUESTS_IN_FLIGHT + SIDE_BY_SIDE,
        # Both are made anew for each request otherwise: the name from thirty parts, the check of what is written above.
        user_agent="ecom-gateway",
        parameter_validation=False,
    )
    # A session of its own: boto3's default one is not safe to share between threads while it makes a client.
    core = Session()
    core.register_component("response_parser_factory", _ItemsParserFactory())
    session = boto3.Session(region_name=settings.AWS_REGION, botocore_session=core)
    return session.client("dynamodb", endpoint_url=settings.DYNAMODB_ENDPOINT, config=config)


@cache
def _bulkhead() -> Bulkhead:
    return Bulkhead(settings.REQUESTS_IN_FLIGHT)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="analytics")


def _windows(
    of: str, table: str, key: tuple[str, str], between: tuple[str, str], *, now: int, attributes: str
) -> Iterator[Item]:
    start: Item = {}
    while True:
        page = _read(
            of,
            "query",
            TableName=table,
            KeyConditionExpression=f"{key[0]} = :key AND window_start BETWEEN :first AND :last",
            FilterExpression=_NOT_EXPIRED,
            ProjectionExpression=attributes,
            ExpressionAttributeValues={
                ":key": {"S": key[1]},
                ":first": {"S": between[0]},
                ":last": {"S": between[1]},
                ":now": {"N": str(now)},
            },
            **start,
        )
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _newest(of: str, granularity: str, attributes: str) -> Item | None:
    answer = _read(
        of,
        "query",
        TableName=settings.TRENDING_PRODUCTS_TABLE,
        KeyConditionExpression="granularity = :granularity",
        ProjectionExpression=attributes,
        ExpressionAttributeValues={":granularity": {"S": granularity}},
        ScanIndexForward=False,
        Limit=1,
    )
    item: Item | None = next(iter(answer["Items"]), None)
    return item


def _read(of: str, operation: str, **arguments: Any) -> Any:
    READS.labels(of).inc()
    try:
        return getattr(dynamodb(), operation)(**arguments)
    except (BotoCoreError, ClientError) as error:
        log.warning("analytics tables unavailable", extra={"error": str(error)})
        raise TablesUnavailable from error
