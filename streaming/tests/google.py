"""What a command asks of Google's storage and Dataproc: answered as their reference pages say, and recorded."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

WRITTEN = "2025-11-23T12:40:00.000Z"


@dataclass
class Google:
    """A bucket's objects, a region's jobs, and the bodies of the submissions received."""

    objects: dict[str, bytes] = field(default_factory=dict)
    uploads: list[str] = field(default_factory=list)
    jobs: list[dict[str, Any]] = field(default_factory=list)
    submitted: list[dict[str, Any]] = field(default_factory=list)
    begin: Callable[[dict[str, Any]], None] = lambda job: enter(job, "RUNNING")
    cancel: Callable[[dict[str, Any]], None] = lambda job: enter(job, "CANCELLED")

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def environment(self) -> dict[str, str]:
        """Variables that send gcloud, and our commands, here."""
        root = f"http://127.0.0.1:{self._server.server_port}/"
        names = ("STORAGE", "DATAPROC")
        return {f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{name}": root for name in names} | {
            "CLOUDSDK_AUTH_ACCESS_TOKEN": "token"
        }

    def answer(self, method: str, path: str, query: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Status and body of the answer to a request."""
        if "/jobs" in path:
            return self._dataproc(method, path, query, body)
        if method == "GET" and path.endswith("/o"):
            found = [{"name": name, "updated": WRITTEN} for name in self.objects if name.startswith(query["prefix"])]
            return 200, _page("items", found, query)
        if method == "POST":
            return self._upload(query, body)
        name = unquote(path.rpartition("/")[2])
        if method == "DELETE":
            del self.objects[name]
            return 204, b""
        return 200, self.objects[name]

    def _upload(self, query: dict[str, str], body: bytes) -> tuple[int, bytes]:
        if query["name"] in self.objects and query["ifGenerationMatch"] == "0":
            return 412, b"conditionNotMet"
        self.objects[query["name"]] = body
        self.uploads.append(query["name"])
        return 200, b"{}"

    def _dataproc(self, method: str, path: str, query: dict[str, str], body: bytes) -> tuple[int, bytes]:
        if method == "GET" and path.endswith("/jobs"):
            found = [job for job in self.jobs if f"labels.job = {job['labels']['job']}" == query["filter"]]
            return 200, _page("jobs", found, query)
        if not path.endswith(":submit"):
            name, _, action = path.rpartition("/")[2].partition(":")
            job = next(job for job in self.jobs if job["reference"]["jobId"] == name)
            if action == "cancel":
                self.cancel(job)
            return 200, json.dumps(job).encode()
        request = json.loads(body)
        self.submitted.append(request | {"path": path})
        same = [job for job in self.jobs if job["reference"] == request["job"]["reference"]]
        if not same:  # of two requests with one id the second is answered with the first one's job
            self.jobs.append(request["job"] | {"status": _status("PENDING"), "statusHistory": []})
            self.begin(self.jobs[-1])
        return 200, json.dumps(request["job"]).encode()


def enter(job: dict[str, Any], state: str, details: str = "") -> None:
    """Have the job enter the state."""
    job["statusHistory"].append(job["status"])
    job["status"] = _status(state) | ({"details": details} if details else {})


def _status(state: str) -> dict[str, Any]:
    return {"state": state, "stateStartTime": datetime.now(UTC).isoformat().replace("+00:00", "Z")}


def _page(name: str, found: list[dict[str, Any]], query: dict[str, str]) -> bytes:
    """One of a list's entries, and how to ask for the others; an empty list is not named at all."""
    at = int(query.get("pageToken", "0"))
    page: dict[str, Any] = {name: found[at : at + 1]} if found else {}
    return json.dumps(page | ({"nextPageToken": str(at + 1)} if at + 1 < len(found) else {})).encode()


def _handler(google: Google) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            place = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(place.query).items()}
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            if self.headers["Authorization"] != "Bearer token":
                status, content = 401, b"no token"
            else:
                status, content = google.answer(self.command, place.path, query, body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _answer

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Handler
