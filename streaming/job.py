"""The job itself: the statements under sql/ with the options filled in, as one Flink statement set."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from string import Template

from pyflink.table import EnvironmentSettings, StatementSet, TableEnvironment
from pyflink.version import __version__ as flink_version

from streaming.checkpoints import Start
from streaming.kafka_security import table_properties
from streaming.options import Options
from streaming.writer import Destination, ProductWindowWriter, WindowWriter, function

SQL = files("streaming") / "sql"
SINKS = ("product_analytics", "written_windows", "dead_letters", "late_events")
# The options that a plan depends on.
PLANNED = ("raw_topic", "group_id", "lateness_seconds", "ahead_seconds", "recorded_time", "recorded_delay_seconds")
RFC3339 = "yyyy-MM-dd''T''HH:mm:ss''Z''"
RFC3339_MS = "yyyy-MM-dd''T''HH:mm:ss.SSS''Z''"
ENDED_AT = "TRY_CAST(REPLACE(REPLACE(CAST(headers['ce_time'] AS STRING), 'T', ' '), 'Z', '') AS TIMESTAMP_LTZ(3))"


def fingerprint(options: Options) -> str:
    """Name the plan: jobs share checkpoints if and only if their fingerprints are equal, whatever their parallelism."""
    told = {name: getattr(options, name) for name in PLANNED}
    texts = [
        text
        for name in ("source", "sinks", "views", "inserts")
        for text in statements(name, Options(**told), Start(), 1)
    ]
    plain = [re.sub(r"\s+", " ", re.sub(r"--.*", "", text)).strip() for text in texts]
    return hashlib.sha256("\n".join([flink_version, *plain, str(told)]).encode()).hexdigest()[:16]


def table_environment(settings: Mapping[str, str], *, batch: bool = False) -> TableEnvironment:
    """An environment in which the SQL of the job means the same everywhere: UTC, one pass, shared parts shared."""
    mode = EnvironmentSettings.in_batch_mode if batch else EnvironmentSettings.in_streaming_mode
    environment = TableEnvironment.create(mode())
    planner = {
        "table.local-time-zone": "UTC",
        "table.optimizer.agg-phase-strategy": "ONE_PHASE",
        # Views used by several statements are optimized once, so that there is one source and one aggregation.
        "table.optimizer.reuse-optimize-block-with-digest-enabled": "true",
    }
    for name, value in {**planner, **settings}.items():
        environment.get_config().set(name, value)
    return environment


def build(
    environment: TableEnvironment, options: Options, *, start: Start, partitions: int, run_id: str,
    sinks: Sequence[str] = SINKS,
) -> StatementSet:  # fmt: skip
    """Declare tables, views and writers, and return the statement set of those sinks to explain or execute."""
    create_source(environment, options, start=start, partitions=partitions)
    _create_writers(environment, options, run_id)
    for name in ("sinks", "views"):
        for statement in statements(name, options, start, partitions):
            environment.execute_sql(statement)
    inserts = environment.create_statement_set()
    for statement in statements("inserts", options, start, partitions):
        if statement.split()[2] in sinks:  # INSERT INTO <sink>
            inserts.add_insert_sql(statement)
    return inserts


def create_source(environment: TableEnvironment, options: Options, *, start: Start, partitions: int) -> None:
    """Declare the table `raw_events`."""
    for statement in statements("source", options, start, partitions):
        environment.execute_sql(statement)


def _create_writers(environment: TableEnvironment, options: Options, run_id: str) -> None:
    writers = {
        "write_product_window": (ProductWindowWriter, options.analytics_table),
        "write_window": (WindowWriter, options.trending_table),
    }
    for name, (writer, table) in writers.items():
        destination = Destination(
            table=table,
            endpoint=options.dynamodb_endpoint,
            run_id=run_id,
            retention_days=options.retention_days,
            concurrency=options.write_concurrency,
        )
        environment.create_temporary_function(name, function(writer(destination)))


def statements(
    name: str, options: Options, start: Start, partitions: int, values: Mapping[str, str] | None = None
) -> list[str]:
    """The statements of `sql/<name>.sql`, filled in."""
    text = (SQL / f"{name}.sql").read_text()
    filled = Template(text).substitute(
        values or {}, **_times(options), **_topics(options), **_reading(options, start, partitions)
    )
    return re.split(r";\s*\n", filled)


def _times(options: Options) -> dict[str, str]:
    common = {"rfc3339": RFC3339, "rfc3339_ms": RFC3339_MS, "ahead": _seconds(options.ahead_seconds)}
    return common | (_recorded_time(options) if options.recorded_time else _kafka_time(options))


def _kafka_time(options: Options) -> dict[str, str]:
    """Watermark and lateness by the broker's clock. A record without a value can only be a heartbeat: it is now."""
    lateness = options.lateness_seconds
    return {
        "row_time": "CASE WHEN body IS NULL THEN CAST(kafka_time AS TIMESTAMP_LTZ(3)) ELSE event_time END",
        "watermark": f"kafka_time - {_seconds(lateness + 1)}",
        "is_late": f"event_time <= kafka_time - {_seconds(lateness)}",
    }


def _recorded_time(options: Options) -> dict[str, str]:
    """Watermark by the events' own times, until the recording's end marker brings a time after them all."""
    return {
        "row_time": f"CASE WHEN body IS NULL AND CAST(headers['control'] AS STRING) = 'end' THEN {ENDED_AT} "
        "ELSE event_time END",
        "watermark": f"rt - {_seconds(options.recorded_delay_seconds)}",
        "is_late": "event_time <= CURRENT_WATERMARK(rt) IS TRUE",
    }


def _seconds(seconds: int) -> str:
    return f"INTERVAL '{seconds}' SECOND({len(str(seconds))})"


def _topics(options: Options) -> dict[str, str]:
    names = ("raw_topic", "analytics_topic", "dead_letter_topic", "late_topic", "group_id")
    return {name: getattr(options, name) for name in names} | {"kafka_properties": table_properties(options)}


def _reading(options: Options, start: Start, partitions: int) -> dict[str, str]:
    timestamp = f"'scan.startup.timestamp-millis' = '{start.read_from_ms}'," if start.read_from_ms is not None else ""
    return {
        "startup_mode": "timestamp" if timestamp else "earliest-offset",
        "startup_timestamp": timestamp,
        "bounds": _bounds(options, start),
        "source_parallelism": str(min(options.parallelism, partitions)),
        "first_window_ms": str(start.first_window_ms),
        "before_end": "" if start.end_ms is None else f"AND rt < TO_TIMESTAMP_LTZ({start.end_ms}, 3)",
    }


def _bounds(options: Options, start: Start) -> str:
    """Where a backfill's reading ends: after that, what is of its windows is late."""
    if start.end_ms is None:
        return ""
    until = start.end_ms + options.lateness_seconds * 1000
    return f"'scan.bounded.mode' = 'timestamp', 'scan.bounded.timestamp-millis' = '{until}',"
