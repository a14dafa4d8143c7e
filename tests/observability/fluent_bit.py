"""The real Fluent Bit with the shipped configuration, on a node's log folder of the test's own."""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import yaml

from local.servers import Server
from local.servers.answers import answers_http
from local.servers.server import LOOPBACK
from tests.observability.rules import OBSERVABILITY

LABELS = {"app.kubernetes.io/name": "gateway", "app.kubernetes.io/version": "1.4.0"}


class FluentBit(Server):
    """Only addresses and the places of its own files are others; `logs` is /var/log for it, in a mount namespace."""

    name: ClassVar[str] = "fluent-bit"

    def __init__(self, directory: Path, port: int, collector: int, kubernetes: int) -> None:
        super().__init__(directory, port)
        self._collector, self._kubernetes = collector, kubernetes
        self.containers = directory.resolve() / "log" / "containers"

    def prepare(self) -> None:
        self.containers.mkdir(parents=True, exist_ok=True)
        (self.directory / "token").write_text("a pod's token")
        shipped = yaml.safe_load((OBSERVABILITY / "logs" / "fluent-bit.yaml").read_text())
        shipped["service"].update({"http_port": self.port, "storage.path": str(self.directory / "storage")})
        (tail,), (kubernetes, lua), (forward,) = (
            shipped["pipeline"][part] for part in ("inputs", "filters", "outputs")
        )
        tail["db"] = str(self.directory / "tail.db")
        kubernetes["kube_url"] = f"http://{LOOPBACK}:{self._kubernetes}"
        kubernetes["kube_token_file"] = str(self.directory / "token")
        lua["script"] = str(OBSERVABILITY / "logs" / "redact.lua")
        forward.update({"host": LOOPBACK, "port": self._collector})
        (self.directory / "fluent-bit.yaml").write_text(yaml.safe_dump(shipped))

    def command(self) -> Sequence[str]:
        run = 'mount --bind "$0" /var/log && exec fluent-bit --config="$1"'
        folder = str(self.containers.parent)
        return ["unshare", "--mount", "sh", "-c", run, folder, str(self.directory / "fluent-bit.yaml")]

    def is_ready(self) -> bool:
        return answers_http(f"http://{LOOPBACK}:{self.port}/")

    def write(self, pod: str, *lines: str) -> None:
        """What a container of a pod writes, as containerd writes it down. Each line begins with its mark: F, or P."""
        file = self.containers / f"{pod}_ecom_service-{'0' * 64}.log"
        with file.open("a") as log:
            log.writelines(f"2026-11-25T12:00:00.{at:09}Z stdout {line}\n" for at, line in enumerate(lines))


@contextmanager
def kubernetes_that_knows_pods() -> Iterator[int]:
    """Answers for any pod of the namespace, whoever asks with a token; yields its port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            known = self.path.startswith("/api/v1/namespaces/ecom/pods/") and "Authorization" in self.headers
            metadata = {"name": self.path.rpartition("/")[2], "namespace": "ecom", "labels": LABELS}
            pod: dict[str, Any] = {"kind": "Pod", "apiVersion": "v1", "metadata": metadata, "spec": {}, "status": {}}
            body = json.dumps(pod).encode()
            self.send_response(200 if known else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
