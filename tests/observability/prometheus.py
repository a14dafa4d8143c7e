"""A real Prometheus that scrapes a running platform, and captured pages of the exporters that it does not have."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import urllib3
import yaml

from ecom.services import SERVICES
from local.programs_for_tests import PROMETHEUS
from local.servers import Server
from local.servers.answers import answers_http
from local.servers.server import LOOPBACK
from local.stack import PORTS, Stack
from tests.observability.rules import write_plain

# What exporters that a test cannot start really answered; scrapes/README.md says how each was captured.
SCRAPES = sorted((Path(__file__).parent / "scrapes").glob("*.txt"))
EVERY = "1s"


class Prometheus(Server):
    """Debian's Prometheus with the product's rules, which it evaluates each second."""

    name: ClassVar[str] = "prometheus"

    def __init__(self, directory: Path, port: int, stack: Stack, pages: int) -> None:
        super().__init__(directory, port)
        self._stack, self._pages = stack, pages

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{LOOPBACK}:{self.port}"

    def prepare(self) -> None:
        """Write configuration and rules."""
        write_plain(self.directory, interval=EVERY)
        configuration = {
            "global": {"scrape_interval": EVERY, "evaluation_interval": EVERY},
            "rule_files": [str(self.directory / "*.yaml")],
            "scrape_configs": [_services(self._stack), *(_page(path, self._pages) for path in SCRAPES)],
        }
        (self.directory / "prometheus.yml").write_text(yaml.safe_dump(configuration))

    def command(self) -> Sequence[str]:
        return [
            str(PROMETHEUS.path("prometheus")),
            f"--config.file={self.directory / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.directory / 'data'}",
            f"--web.listen-address={LOOPBACK}:{self.port}",
            "--log.level=warn",
        ]

    def is_ready(self) -> bool:
        return answers_http(f"{self.url}/-/ready")

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The expression's value now: one entry a series. Raises AssertionError with Prometheus' reason."""
        answer = urllib3.request("GET", f"{self.url}/api/v1/query", fields={"query": expression}, timeout=10).json()
        assert answer["status"] == "success", f"{expression}: {answer}"
        result: list[dict[str, Any]] = answer["data"]["result"]
        return result

    def names(self) -> set[str]:
        """Every metric and recorded rule that it has a series of."""
        return set(urllib3.request("GET", f"{self.url}/api/v1/label/__name__/values", timeout=10).json()["data"])


def _services(stack: Stack) -> dict[str, Any]:
    """All services of the stack, labelled as the PodMonitor labels them."""
    targets = [
        {
            "targets": [f"{LOOPBACK}:{stack.management_port(service)}"],
            "labels": {"namespace": "ecom", "service": service, "pod": f"{service}-0"},
        }
        for service in SERVICES
        if service in PORTS
    ]
    return {"job_name": "monitoring/ecom", "static_configs": targets}


def _page(path: Path, port: int) -> dict[str, Any]:
    return {
        "job_name": path.stem,
        "metrics_path": f"/{path.name}",
        "static_configs": [{"targets": [f"{LOOPBACK}:{port}"]}],
    }


@contextmanager
def captured_pages() -> Iterator[int]:
    """Serve the captured pages; yields the port."""
    pages = {f"/{path.name}": path.read_bytes() for path in SCRAPES}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages[self.path]
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(BrokenPipeError):  # Prometheus has ended meanwhile
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Scrapes are not logged."""

    with ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
