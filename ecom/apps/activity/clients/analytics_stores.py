"""Where the job writes, read directly: the DynamoDB table and the Kafka topic of product analytics."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import boto3
import msgspec
from botocore.config import Config
from django.conf import settings
from kafka import KafkaConsumer, TopicPartition

from ecom.contracts.product_analytics import ProductAnalytics

SEGMENTS = 4
Window = tuple[str, datetime, int]  # product, start of the minute, distinct shoppers


def table_windows() -> Iterator[Window]:
    """Every window in the table, from a parallel scan. Wider windows, whose hash names their width, are left out."""
    table = boto3.client(
        "dynamodb",
        region_name=settings.AWS_REGION,
        endpoint_url=settings.DYNAMODB_ENDPOINT,
        config=Config(connect_timeout=3, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 5}),
    )
    with ThreadPoolExecutor(SEGMENTS) as threads:
        for items in threads.map(lambda segment: _scanned(table, segment), range(SEGMENTS)):
            for item in items:
                if "#" not in item["product_id"]["S"]:
                    yield _window(item)


def topic_windows() -> Iterator[Window]:
    """Every window in the topic up to its present end; the same window may come again, the last one counts."""
    consumer = KafkaConsumer(
        bootstrap_servers=settings.KAFKA_BOOTSTRAP_SERVERS, enable_auto_commit=False, **settings.KAFKA_SECURITY
    )
    try:
        topic = settings.PRODUCT_ANALYTICS_TOPIC
        partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        consumer.seek_to_beginning(*partitions)
        while any(consumer.position(partition) < ends[partition] for partition in partitions):
            for records in consumer.poll(timeout_ms=1000).values():
                for record in records:
                    row = msgspec.json.decode(record.value, type=ProductAnalytics)
                    yield row.product_id, datetime.fromisoformat(row.window_start), row.unique_user_count
    finally:
        consumer.close()


def _scanned(table: Any, segment: int) -> list[dict[str, Any]]:
    pages = table.get_paginator("scan").paginate(
        TableName=settings.PRODUCT_ANALYTICS_TABLE,
        Segment=segment,
        TotalSegments=SEGMENTS,
        ConsistentRead=True,
        ProjectionExpression="product_id, window_start, unique_user_count",
    )
    return [item for page in pages for item in page["Items"]]


def _window(item: dict[str, Any]) -> Window:
    return (
        item["product_id"]["S"],
        datetime.fromisoformat(item["window_start"]["S"]),
        int(item["unique_user_count"]["N"]),
    )
