"""What a cluster has nodes and metrics-server for: pods that come to run, and what they use. Only this is made up."""

import json
import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from k8s.tests.control_plane import MERGE, ApiServer, write_certificate
from k8s.tests.manifests import Manifest
from local.servers.server import LOOPBACK

# A pod's CPU (cores) and memory (bytes), by how many run and since when this one does (seconds).
Usage = Callable[[int, float], tuple[float, float]]
PODS = "/api/v1/namespaces/ecom/pods"


class MeteredPods:
    """Lets every pod of the namespace run and be ready, and answers metrics.k8s.io for them."""

    def __init__(self, api: ApiServer, directory: Path) -> None:
        self._api = api
        self._since: dict[str, float] = {}
        self._stopped = threading.Event()
        self.usage: Usage = lambda pods, age: (0.0, 0.0)
        self._http = ThreadingHTTPServer((LOOPBACK, 0), self._handler())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*write_certificate(directory))
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True)

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        self._runner = threading.Thread(target=self._run_pods, daemon=True)
        self._runner.start()
        self._register()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._runner.join()
        self._http.shutdown()
        self._http.server_close()

    def _register(self) -> None:
        """As metrics-server's chart does, but by a name that leads back here."""
        self._api.call("POST", "/api/v1/namespaces/kube-system/services", {
            "metadata": {"name": "metrics-server"},
            "spec": {"type": "ExternalName", "externalName": "localhost"},
        })  # fmt: skip
        self._api.call("POST", "/apis/apiregistration.k8s.io/v1/apiservices", {
            "metadata": {"name": "v1beta1.metrics.k8s.io"},
            "spec": {
                "group": "metrics.k8s.io", "version": "v1beta1", "groupPriorityMinimum": 100, "versionPriority": 100,
                "insecureSkipTLSVerify": True,
                "service": {"name": "metrics-server", "namespace": "kube-system", "port": self._http.server_port},
            },
        })  # fmt: skip

    def _run_pods(self) -> None:
        while not self._stopped.wait(0.2):
            pods = self._api.call("GET", PODS)["items"]
            for pod in pods:
                if pod["metadata"]["name"] not in self._since:
                    self._since[pod["metadata"]["name"]] = time.monotonic()
                    self._let_run(pod)
            for gone in self._since.keys() - {pod["metadata"]["name"] for pod in pods}:
                del self._since[gone]

    def _let_run(self, pod: Manifest) -> None:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        ready = {"type": "Ready", "status": "True", "lastTransitionTime": now}
        status = {"phase": "Running", "startTime": now, "conditions": [ready]}
        self._api.call("PATCH", f"{PODS}/{pod['metadata']['name']}/status", {"status": status}, MERGE)

    def _metrics(self, selector: str) -> Manifest:
        wanted = dict(each.split("=", 1) for each in selector.split(",") if each)
        pods = [each for each in self._api.call("GET", PODS)["items"] if each["metadata"]["name"] in self._since]
        mine = [each for each in pods if wanted.items() <= each["metadata"]["labels"].items()]
        items = [self._item(pod, len(mine)) for pod in mine]
        return {"apiVersion": "metrics.k8s.io/v1beta1", "kind": "PodMetricsList", "metadata": {}, "items": items}

    def _item(self, pod: Manifest, pods: int) -> Manifest:
        name = pod["metadata"]["name"]
        cpu, memory = self.usage(pods, time.monotonic() - self._since[name])
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        usage = {"cpu": f"{round(cpu * 1000)}m", "memory": str(round(memory))}
        metadata = {"name": name, "namespace": "ecom", "labels": pod["metadata"]["labels"]}
        return {
            **{"metadata": metadata, "timestamp": now, "window": "15s"},
            "containers": [{"name": "service", "usage": usage}],
        }

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        metrics = self._metrics

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = urlsplit(self.path)
                found: Any = {"kind": "APIResourceList", "groupVersion": "metrics.k8s.io/v1beta1", "resources": []}
                if url.path.endswith("/pods"):
                    found = metrics(unquote(parse_qs(url.query).get("labelSelector", [""])[0]))
                body = json.dumps(found).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Nobody reads it."""

        return Handler
