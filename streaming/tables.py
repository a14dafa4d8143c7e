"""A client of DynamoDB for the commands; the job's own is the writer's."""

import os
from typing import Any

import boto3
from botocore.config import Config

from streaming.options import Options

CONNECTIONS = 16


def connect(options: Options) -> Any:
    """A client that tries twice and does not wait long."""
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 2},
        connect_timeout=2,
        read_timeout=10,
        max_pool_connections=CONNECTIONS,
    )
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return boto3.client("dynamodb", region_name=region, endpoint_url=options.dynamodb_endpoint or None, config=config)
