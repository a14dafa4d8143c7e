"""The job's options: from a flag, else the environment (`STREAMING_*`), else a TOML file, else the default."""

import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from streaming.failures import WRONG_OPTION, Failure

PREFIX = "STREAMING_"
STANDALONE, DATAPROC = "standalone", "dataproc"
TRUE, FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "")


class InvalidOptions(Failure):
    """One line per option that is wrong, each naming it and where it came from."""

    exit_code = WRONG_OPTION


LONGEST_LATENESS_SECONDS = 600


def _option(
    default: Any, text: str, minimum: int = 0, maximum: int = 2**31, *, choices: tuple[str, ...] = ()
) -> Any:  # fmt: skip
    told = {"help": text, "minimum": minimum, "maximum": maximum, "choices": choices}
    return field(default=default, metadata=told)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the job is told. Durations are in the unit their name ends with."""

    bootstrap_servers: str = _option("127.0.0.1:19092", "Kafka: host:port[,host:port…].")
    kafka_tls: bool = _option(False, "TLS, and SCRAM-SHA-512 with KAFKA_USERNAME and KAFKA_PASSWORD.")
    kafka_secret: str = _option("", "projects/…/secrets/… at Google with both, where they are not in the environment.")
    kafka_ca_file: str = _option("", "PEM file of the authorities that Kafka's certificates are from, if not public.")
    raw_topic: str = _option("ecom-raw-events", "Topic to read shoppers' events from.")
    analytics_topic: str = _option("ecom-product-analytics", "Topic for the finished windows.")
    dead_letter_topic: str = _option("ecom-raw-events-dlq", "Topic for records that are no events.")
    late_topic: str = _option("ecom-raw-events-late", "Topic for events that came too late to be counted.")
    group_id: str = _option("ecom-streaming", "Kafka consumer group that shows the job's progress.")
    analytics_table: str = _option("ecom-product-analytics", "DynamoDB table for the finished windows.")
    trending_table: str = _option("ecom-trending-products", "DynamoDB table for the top 100 and status of a minute.")
    dynamodb_endpoint: str = _option("", "DynamoDB's URL where it is not the cloud's.")
    retention_days: int = _option(90, "Days until an item in DynamoDB expires.", minimum=1)
    write_concurrency: int = _option(16, "DynamoDB calls in flight for each writer.", minimum=1)
    lateness_seconds: int = _option(
        10, "L: an event whose time is this far behind its Kafka time is late.", 1, LONGEST_LATENESS_SECONDS
    )
    ahead_seconds: int = _option(60, "An event whose time is further ahead of its Kafka time is refused.")
    recorded_time: bool = _option(False, "The events bring their own clock: the watermark follows their times.")
    recorded_delay_seconds: int = _option(600, "How far recorded times may be out of order.")
    parallelism: int = _option(2, "Parallel subtasks; the source has at most one per partition.", minimum=1)
    checkpoint_seconds: int = _option(10, "Time between checkpoints.", minimum=1)
    heap_mb: int = _option(1024, "Heap of the embedded cluster.", minimum=256)
    job_name: str = _option("ecom-streaming", "The job's name on a cluster; one job of a name runs at a time.")
    target: str = _option(
        STANDALONE, "The kind of cluster: standalone (or a session), or dataproc.", choices=(STANDALONE, DATAPROC)
    )
    rest_address: str = _option("127.0.0.1", "Host of Flink's REST API; the embedded cluster is always on 127.0.0.1.")
    rest_port: int = _option(18081, "Port of Flink's REST API and web page.", 1, 65535)
    state_dir: str = _option(".local/streaming", "Directory for checkpoints, logs and the lock.")
    checkpoints_dir: str = _option("", "Checkpoints' directory or gs:// address where it is not in --state-dir.")
    releases_dir: str = _option(".local/releases", "Directory of the releases that `package` makes.")
    jars_dir: str = _option(".local/jars/flink", "Directory of the Kafka connector's and raw-event format's jars.")
    python_executable: str = _option("", "Python of a cluster's TaskManagers where it is not this one.")
    dataproc_project: str = _option("", "Google Cloud project of the Dataproc cluster.")
    dataproc_region: str = _option("", "Its region.")
    dataproc_cluster: str = _option("", "Its name.")
    dataproc_staging: str = _option("", "gs:// address below which code, jars, environment and checkpoints are.")

    @property
    def flink_url(self) -> str:
        """Flink's REST API."""
        return f"http://{self.rest_address}:{self.rest_port}"

    @property
    def checkpoints(self) -> str:
        """Where all plans' checkpoints are: a path, or a `gs://` address."""
        if self.checkpoints_dir or self.target != DATAPROC:
            return self.checkpoints_dir or str(Path(self.state_dir).resolve() / "checkpoints")
        return f"{self.dataproc_staging.rstrip('/')}/checkpoints"

    def changed(self) -> dict[str, Any]:
        """The options that are not as they are by default."""
        return {each.name: value for each in fields(self) if (value := getattr(self, each.name)) != each.default}


@dataclass(frozen=True)
class Resolved:
    """The options and, by name, where each came from."""

    options: Options
    origins: Mapping[str, str]


def resolve(
    flags: Mapping[str, Any], environment: Mapping[str, str] = os.environ, file: Path | None = None
) -> Resolved:
    """Take each option from the first place that has it; raise InvalidOptions naming all that is wrong."""
    named = file or (Path(environment[PREFIX + "CONFIG"]) if environment.get(PREFIX + "CONFIG") else None)
    settings = _read(named) if named else {}
    problems = [f"{name} ({named}): no such option" for name in settings if name not in _names()]
    values, origins = {}, {}
    for name, default in _names().items():
        raw, origins[name] = _first(name, default, flags, environment, settings, named)
        try:
            values[name] = _convert(name, raw)
        except ValueError as error:
            problems.append(f"{name} ({origins[name]}): {error}")
    if problems:
        raise InvalidOptions("\n".join(problems))
    return Resolved(Options(**values), origins)


def as_environment(options: Mapping[str, Any]) -> dict[str, str]:
    """The options as variables, for a command of any version: what it does not know it does not look at."""
    return {PREFIX + name.upper(): str(value) for name, value in options.items()}


def help_of() -> Iterator[tuple[str, type, str]]:
    """Name, type and help text of each option."""
    for option in fields(Options):
        kind = type(option.default)
        default = "" if option.default in ("", False) else f" [{option.default}]"
        yield option.name, kind, option.metadata["help"] + default


def _names() -> dict[str, Any]:
    return {option.name: option.default for option in fields(Options)}


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidOptions(f"config ({file}): {error}") from error


def _first(
    name: str, default: Any, flags: Mapping[str, Any], environment: Mapping[str, str],
    settings: Mapping[str, Any], file: Path | None,
) -> tuple[Any, str]:  # fmt: skip
    variable = PREFIX + name.upper()
    if flags.get(name) is not None:
        return flags[name], "--" + name.replace("_", "-")
    if variable in environment:
        return environment[variable], variable
    if name in settings:
        return settings[name], str(file)
    return default, "default"


def _convert(name: str, raw: Any) -> Any:
    option = next(option for option in fields(Options) if option.name == name)
    converters: dict[type, Callable[[Any], Any]] = {bool: _boolean, int: _integer, str: _text}
    value = converters[type(option.default)](raw)
    minimum, maximum = option.metadata["minimum"], option.metadata["maximum"]
    if isinstance(value, int) and not minimum <= value <= maximum:
        raise ValueError(f"{value} is not between {minimum} and {maximum}")
    if value == "" and option.default != "":
        raise ValueError("must not be empty")
    choices = option.metadata["choices"]
    if choices and value not in choices:
        raise ValueError(f"{value!r} is none of {', '.join(choices)}")
    return value


def _boolean(raw: Any) -> bool:
    text = str(raw).lower()
    if text not in TRUE + FALSE:
        raise ValueError(f"{raw!r} is neither true nor false")
    return text in TRUE


def _integer(raw: Any) -> int:
    try:
        return int(str(raw))
    except ValueError:
        raise ValueError(f"{raw!r} is not a whole number") from None


def _text(raw: Any) -> str:
    text = str(raw)
    if any(character in text for character in "'\n;"):
        raise ValueError(f"{raw!r} holds a quote, a semicolon or a line break")
    return text
