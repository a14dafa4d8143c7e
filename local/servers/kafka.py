"""Kafka in KRaft mode: broker and controller in one process, formatted once."""

import base64
import secrets
import socket
import struct
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from local.servers.server import LOOPBACK, Server, class_path, java

# broker.session.timeout.ms: after a kill -9 the node must outwait its own old registration, 9 s by default.
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{advertised_port}
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
# As MSK has it: TLS, and users with passwords of which Kafka knows only salted hashes.
SECURE_PROPERTIES = """\
listeners=PLAINTEXT://{host}:{port},SASL_SSL://{host}:{secure_port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{advertised_port},SASL_SSL://{host}:{secure_port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=\
  org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PKCS12
ssl.keystore.location={directory}/key.p12
ssl.keystore.password={keystore_password}
"""
# A small heap and the serial collector: the machine is shared with everything else of the stack.
JVM = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:-UsePerfData")
# ApiVersions v0: length, API key 18, version 0, correlation id 1, no client id.
API_VERSIONS_REQUEST = struct.pack(">ihhih", 10, 18, 0, 1, -1)


@dataclass(frozen=True, kw_only=True)
class Secure:
    """A second listener with TLS, and the one user whom it lets in."""

    port: int
    user: str
    password: str


class Kafka(Server):
    """One Kafka node. Its controller listens on `controller_port`, the port after the broker's by default.

    Clients are sent to `advertised_port`, which is that of a proxy where there is one.
    """

    name: ClassVar[str] = "Kafka"

    def __init__(
        self,
        directory: Path,
        port: int,
        controller_port: int | None = None,
        *,
        advertised_port: int | None = None,
        secure: Secure | None = None,
    ) -> None:
        super().__init__(directory, port)
        self.controller_port = controller_port or port + 1
        self.advertised_port = advertised_port or port
        self.secure = secure

    @property
    def bootstrap_servers(self) -> str:
        """host:port for clients."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def certificate(self) -> Path:
        """The secure listener's certificate, which signs itself, in PEM."""
        return self.directory / "certificate.pem"

    def prepare(self) -> None:
        if self.secure and not self.certificate.exists():
            self._make_key()
        self._properties.write_text(self._configuration())
        if not (self.directory / "data" / "meta.properties").exists():
            cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
            format_options = [f"--cluster-id={cluster}", "--config", str(self._properties), *self._users()]
            self.run(self._java("kafka.tools.StorageTool", "format", *format_options))

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

    def _configuration(self) -> str:
        values = {
            "host": LOOPBACK, "port": self.port, "controller_port": self.controller_port,
            "advertised_port": self.advertised_port, "directory": self.directory,
        }  # fmt: skip
        if not self.secure:
            return PROPERTIES.format(**values)
        password = self._keystore_password.read_text()
        return (PROPERTIES + SECURE_PROPERTIES).format(
            **values, secure_port=self.secure.port, keystore_password=password
        )

    def _users(self) -> list[str]:
        if not self.secure:
            return []
        return ["--add-scram", f"SCRAM-SHA-512=[name={self.secure.user},password={self.secure.password}]"]

    def _make_key(self) -> None:
        """A key pair and its certificate, by the JDK's keytool."""
        password = secrets.token_urlsafe(16)
        self._keystore_password.touch(mode=0o600)
        self._keystore_password.write_text(password)
        store = ["-keystore", str(self.directory / "key.p12"), "-storepass", password, "-alias", "kafka"]
        keytool = str(Path(java()).with_name("keytool"))
        self.run([keytool, "-genkeypair", "-keyalg", "EC", "-dname", f"CN={LOOPBACK}", "-validity", "3650",
                  "-ext", f"san=ip:{LOOPBACK}", "-storetype", "PKCS12", *store])  # fmt: skip
        self.run([keytool, "-exportcert", "-rfc", "-file", str(self.certificate), *store])

    @property
    def _keystore_password(self) -> Path:
        return self.directory / "key.password"

    @property
    def _properties(self) -> Path:
        return self.directory / "server.properties"

    def _java(self, main: str, *arguments: str) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={Path(__file__).with_name('log4j2.properties')}"
        return [java(), *JVM, logging, "-cp", class_path("kafka"), main, *arguments]
