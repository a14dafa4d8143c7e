"""Kafka in KRaft mode: broker and controller in one process, formatted once."""

import base64
import socket
import struct
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from local.servers.server import LOOPBACK, Server, class_path, java

# broker.session.timeout.ms: after a kill -9 the node must outwait its own old registration, 9 s by default.
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
controller.listener.names=CONTROLLER
log.dirs={directory}/data
auto.create.topics.enable=false
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
group.initial.rebalance.delay.ms=0
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=8388608
"""
# A small heap and the serial collector: the machine is shared with everything else of the stack.
JVM = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:-UsePerfData")
# ApiVersions v0: length, API key 18, version 0, correlation id 1, no client id.
API_VERSIONS_REQUEST = struct.pack(">ihhih", 10, 18, 0, 1, -1)


class Kafka(Server):
    """One Kafka node. Its controller listens on `controller_port`, the port after the broker's by default."""

    name: ClassVar[str] = "Kafka"

    def __init__(self, directory: Path, port: int, controller_port: int | None = None) -> None:
        super().__init__(directory, port)
        self.controller_port = controller_port or port + 1

    @property
    def bootstrap_servers(self) -> str:
        """host:port for clients."""
        return f"{LOOPBACK}:{self.port}"

    def prepare(self) -> None:
        self._properties.write_text(
            PROPERTIES.format(
                host=LOOPBACK, port=self.port, controller_port=self.controller_port, directory=self.directory
            )
        )
        if not (self.directory / "data" / "meta.properties").exists():
            cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
            self.run(
                self._java("kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(self._properties))
            )

    def command(self) -> Sequence[str]:
        return self._java("kafka.Kafka", str(self._properties))

    def is_ready(self) -> bool:
        """True once the broker answers a request, which it does only when its controller has let it in."""
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as broker:
                broker.sendall(API_VERSIONS_REQUEST)
                return len(broker.recv(8)) == 8
        except OSError:
            return False

    @property
    def _properties(self) -> Path:
        return self.directory / "server.properties"

    def _java(self, main: str, *arguments: str) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={Path(__file__).with_name('log4j2.properties')}"
        return [java(), *JVM, logging, "-cp", class_path("kafka"), main, *arguments]
