"""Reads of the two analytics tables in DynamoDB, by key only, with the few attributes that are shown."""

import logging
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings

from ecom.apps.gateway.bulkhead import Bulkhead, Full

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# What DynamoDB's own expiry has not removed yet (it may take days) is not read.
_NOT_EXPIRED = "attribute_not_exists(expires_at) OR expires_at > :now"

Item = dict[str, Any]

log = logging.getLogger(__name__)


class TablesUnavailable(Exception):
    """DynamoDB does not answer, refuses, or is slower than what is asked of it."""


def product_windows(*, product_id: str, first: str, last: str, now: int) -> Iterator[Item]:
    """The windows of a product from `first` to `last` (RFC 3339 minutes, both included), oldest first.

    Items are as DynamoDB gives them, with window_start, unique_user_count, verified_user_count and event_count.
    Raises TablesUnavailable.
    """
    start: Item = {}
    while True:
        page = _read(
            dynamodb().query,
            TableName=settings.PRODUCT_ANALYTICS_TABLE,
            KeyConditionExpression="product_id = :product AND window_start BETWEEN :first AND :last",
            FilterExpression=_NOT_EXPIRED,
            ProjectionExpression="window_start, unique_user_count, verified_user_count, event_count",
            ExpressionAttributeValues={
                ":product": {"S": product_id},
                ":first": {"S": first},
                ":last": {"S": last},
                ":now": {"N": str(now)},
            },
            **start,
        )
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def trending_window(*, window_start: str) -> Item | None:
    """The top products of one minute, expired or not. Raises TablesUnavailable."""
    answer = _read(
        dynamodb().get_item,
        TableName=settings.TRENDING_PRODUCTS_TABLE,
        Key={"granularity": {"S": "1m"}, "window_start": {"S": window_start}},
        ProjectionExpression="window_start, window_end, products, expires_at",
    )
    item: Item | None = answer.get("Item")
    return item


def newest(*, granularity: str, attributes: str) -> Item | None:
    """The newest item under `1m` or `status`, expired or not. Raises TablesUnavailable."""
    answer = _read(
        dynamodb().query,
        TableName=settings.TRENDING_PRODUCTS_TABLE,
        KeyConditionExpression="granularity = :granularity",
        ProjectionExpression=attributes,
        ExpressionAttributeValues={":granularity": {"S": granularity}},
        ScanIndexForward=False,
        Limit=1,
    )
    item: Item | None = next(iter(answer["Items"]), None)
    return item


@cache
def dynamodb() -> "DynamoDBClient":
    """This process's client: made once, after the fork, without a call."""
    config = Config(
        connect_timeout=1,
        read_timeout=2,
        retries={"mode": "standard", "total_max_attempts": 2},
        max_pool_connections=settings.REQUESTS_IN_FLIGHT,
    )
    # A session of its own: boto3's default one is not safe to share between threads while it makes a client.
    session = boto3.Session(region_name=settings.AWS_REGION)
    return session.client("dynamodb", endpoint_url=settings.DYNAMODB_ENDPOINT, config=config)


@cache
def _bulkhead() -> Bulkhead:
    return Bulkhead(settings.REQUESTS_IN_FLIGHT)


def _read(operation: Callable[..., Any], **arguments: Any) -> Any:
    try:
        with _bulkhead():
            return operation(**arguments)
    except Full as error:
        raise TablesUnavailable from error
    except (BotoCoreError, ClientError) as error:
        log.warning("analytics tables unavailable", extra={"error": str(error)})
        raise TablesUnavailable from error
