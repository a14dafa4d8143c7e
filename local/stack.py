"""One embedded stack: its ports, its folders under .local/ and its servers."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from local.servers import DynamoDB, Kafka, Moto, Postgres, Server
from local.servers.recorded_process import RecordedProcess
from local.servers.server import LOOPBACK, REPOSITORY

STATE = REPOSITORY / ".local"
# Marks every process of a stack, so that `down` finds also those whose parent was killed.
MARKER = "ECOM_LOCAL_STACK"
PORTS = {
    "gateway": 8000,
    "customers": 8001,
    "catalog": 8002,
    "orders": 8003,
    "activity": 8004,
    "backoffice": 8005,
    "customers-worker": 8111,
    "catalog-worker": 8112,
    "orders-worker": 8113,
    "beat": 8114,
    "flink": 18081,
    "dynamodb": 18000,
    "moto": 15000,
    "postgres": 15432,
    "kafka": 19092,
}
ANALYTICS = "analytics"
# They serve nobody: their port is the one for health and metrics.
WORKERS = ("customers-worker", "catalog-worker", "orders-worker", "beat")
MANAGEMENT_PORT_DISTANCE = 100
LARGEST_OFFSET = 40000


@dataclass(frozen=True)
class Stack:
    """The stack at a port offset, with or without simulated shoppers.

    With `recorded_time` its events bring their own clock: there are no shoppers, and its data lie apart. With
    `tables_in_memory` DynamoDB Local waits for no disk and keeps nothing over a stop: for measuring.
    """

    offset: int = 0
    recorded_time: bool = False
    shoppers: bool = True
    tables_in_memory: bool = False

    @classmethod
    def of_environment(cls, environ: Mapping[str, str] = os.environ) -> "Stack":
        """The stack that PORT_OFFSET and the switches describe. Raises ValueError naming the wrong variable."""
        offset = environ.get("PORT_OFFSET") or "0"
        if not offset.isdecimal() or int(offset) > LARGEST_OFFSET:
            raise ValueError(f"PORT_OFFSET is {offset!r}; it must be a number from 0 to {LARGEST_OFFSET}")
        return cls(
            offset=int(offset),
            recorded_time=_switch(environ, "RECORDED_TIME", default="0"),
            shoppers=_switch(environ, "SHOPPERS", default="1"),
            tables_in_memory=_switch(environ, "TABLES_IN_MEMORY", default="0"),
        )

    def port(self, name: str) -> int:
        """The port of a service or server: the public one, where it has one."""
        return PORTS[name] + self.offset

    def management_port(self, service: str) -> int:
        """The port of a service's health and metrics."""
        return self.port(service) + (0 if service in WORKERS else MANAGEMENT_PORT_DISTANCE)

    def url(self, name: str) -> str:
        """The public address of a service or server."""
        return f"http://{LOOPBACK}:{self.port(name)}"

    def management_url(self, service: str) -> str:
        """The address of a service's health and metrics."""
        return f"http://{LOOPBACK}:{self.management_port(service)}"

    def ready_url(self, service: str) -> str:
        """The address that answers 200 once the service is ready."""
        return f"{self.management_url(service)}/readyz"

    @property
    def directory(self) -> Path:
        """Everything of this stack: records of its processes, logs, data."""
        return STATE / f"run-{self.offset}"

    @property
    def data(self) -> Path:
        """The servers' data and the job's checkpoints; recorded time and the clock's time never mix."""
        return self.directory / ("recorded" if self.recorded_time else "live")

    @property
    def streaming_state(self) -> Path:
        """Where the Flink job keeps its checkpoints, logs and lock."""
        return self.data / "streaming"

    def log(self, process: str) -> Path:
        """The log of one supervised process."""
        return self.directory / "logs" / f"{process}.log"

    def logs(self, process: str) -> list[Path]:
        """All logs of one supervised process: Flink writes one of its own."""
        flink = self.streaming_state / "logs" / "flink.log"
        return [self.log(process), flink] if process == ANALYTICS else [self.log(process)]

    @property
    def ready_file(self) -> Path:
        """Exists while the whole stack is up."""
        return self.directory / "ready"

    @property
    def supervisor_file(self) -> Path:
        """Records the process that runs the stack."""
        return self.directory / "supervisor.pid"

    @property
    def supervisor(self) -> RecordedProcess | None:
        """The process that runs the stack, if it runs."""
        return RecordedProcess.read(self.supervisor_file)

    @cached_property
    def postgres(self) -> Postgres:
        return Postgres(self.data / "postgres", self.port("postgres"))

    @cached_property
    def kafka(self) -> Kafka:
        return Kafka(self.data / "kafka", self.port("kafka"))

    @cached_property
    def dynamodb(self) -> DynamoDB:
        return DynamoDB(self.data / "dynamodb", self.port("dynamodb"), in_memory=self.tables_in_memory)

    @cached_property
    def moto(self) -> Moto:
        return Moto(self.data / "moto", self.port("moto"))

    @property
    def servers(self) -> tuple[Server, ...]:
        """The backends, in the order of their start."""
        return (self.postgres, self.kafka, self.dynamodb, self.moto)


def _switch(environ: Mapping[str, str], name: str, *, default: str) -> bool:
    value = environ.get(name) or default
    if value not in ("0", "1"):
        raise ValueError(f"{name} is {value!r}; it must be 0 or 1")
    return value == "1"
