"""What has to be there before the job starts: a wrong name would restart it for ever instead of failing it."""

from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError

from streaming.failures import NotReady
from streaming.kafka_security import client_settings
from streaming.options import Options
from streaming.writer import Destination

KEYS = {"analytics_table": ("product_id", "window_start"), "trending_table": ("granularity", "window_start")}
TOPICS = ("raw_topic", "analytics_topic", "dead_letter_topic", "late_topic")
CLOCK = "message.timestamp.type"
JARS = ("flink-sql-connector-kafka-*.jar", "raw-event-format-*.jar")


def find_jars(options: Options) -> list[Path]:
    """The jars the job needs beside Flink's own."""
    found = [sorted(Path(options.jars_dir).glob(pattern)) for pattern in JARS]
    missing = [pattern for pattern, jars in zip(JARS, found, strict=True) if not jars]
    if missing:
        raise NotReady(f"{', '.join(missing)} not in {options.jars_dir}: see streaming/README.md for how to build them")
    return [jars[-1] for jars in found]


def find_python_jar() -> Path:
    """Flink's jar for Python functions, which a cluster's own jars do not include."""
    import pyflink

    (jar,) = (Path(pyflink.__path__[0]) / "opt").glob("flink-python-*.jar")
    return jar


def check(options: Options) -> int:
    """Check topics and tables; return the number of the raw topic's partitions."""
    partitions, problems = _check_topics(options)
    problems += [
        problem for name, keys in KEYS.items() for problem in _check_table(options, getattr(options, name), keys)
    ]
    if problems:
        raise NotReady("\n".join(problems))
    return partitions


def _check_topics(options: Options) -> tuple[int, list[str]]:
    try:
        admin = KafkaAdminClient(**client_settings(options))
    except KafkaError as error:
        return 0, [f"Kafka at {options.bootstrap_servers} does not answer: {error}"]
    try:
        topics = {topic["name"]: topic for topic in admin.describe_topics() if not topic["error_code"]}
        missing = [getattr(options, name) for name in TOPICS if getattr(options, name) not in topics]
        if missing:
            return 0, [f"Kafka topic {name} does not exist" for name in missing]
        return len(topics[options.raw_topic]["partitions"]), _check_clock(admin, options)
    finally:
        admin.close()


def _check_clock(admin: KafkaAdminClient, options: Options) -> list[str]:
    if options.recorded_time:
        return []
    resource = ConfigResource(ConfigResourceType.TOPIC, options.raw_topic, configs=[CLOCK])
    kind = admin.describe_configs([resource])["topic"][options.raw_topic][CLOCK]["value"]
    if kind == "LogAppendTime":
        return []
    return [f"Kafka topic {options.raw_topic} has {CLOCK}={kind}; lateness needs LogAppendTime"]


def _check_table(options: Options, table: str, keys: tuple[str, str]) -> list[str]:
    try:
        found = _describe(options, table)
    except (BotoCoreError, ClientError) as error:
        return [f"DynamoDB table {table}: {error}"]
    schema = tuple(key["AttributeName"] for key in sorted(found["KeySchema"], key=lambda key: str(key["KeyType"])))
    return [] if schema == keys else [f"DynamoDB table {table} has the key {schema}, not {keys}"]


def _describe(options: Options, table: str) -> dict[str, Any]:
    destination = Destination(
        table=table, endpoint=options.dynamodb_endpoint, run_id="", retention_days=1, concurrency=1
    )
    description: dict[str, Any] = destination.connect().describe_table(TableName=table)["Table"]
    return description
