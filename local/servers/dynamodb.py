"""DynamoDB Local, one shared database in a file or in memory."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from local.servers.answers import answers_http
from local.servers.server import JARS, LOOPBACK, Server, class_path, java

JVM = ("-Xms64m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:-UsePerfData")


class DynamoDB(Server):
    """DynamoDB Local with `-sharedDb`: every region and credential sees the same tables.

    In a file it syncs the disk for each item (about a thousand a second), which DynamoDB itself does not make anybody
    wait for; `in_memory` it keeps nothing over a stop.
    """

    name: ClassVar[str] = "DynamoDB Local"

    def __init__(self, directory: Path, port: int, *, in_memory: bool = False) -> None:
        super().__init__(directory, port)
        self._place = ("-inMemory",) if in_memory else ("-dbPath", str(self.directory / "data"))

    @property
    def endpoint(self) -> str:
        """The endpoint URL for boto3."""
        return f"http://{LOOPBACK}:{self.port}"

    def prepare(self) -> None:
        (self.directory / "data").mkdir(exist_ok=True)

    def command(self) -> Sequence[str]:
        here = Path(__file__)
        return [
            java(), *JVM, f"-Djava.library.path={JARS / 'dynamodb'}",
            f"-Dlog4j2.configurationFile={here.with_name('log4j2.properties')}",
            "-cp", class_path("dynamodb"), str(here.with_name("LoopbackDynamoDB.java")),
            "-port", str(self.port), "-sharedDb", *self._place, "-disableTelemetry",
        ]  # fmt: skip

    def environment(self) -> dict[str, str]:
        return {**os.environ, "DDB_LOCAL_TELEMETRY": "0"}

    def is_ready(self) -> bool:
        return answers_http(self.endpoint)
