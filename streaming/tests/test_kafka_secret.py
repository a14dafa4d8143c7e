"""The driver on Dataproc reads Kafka's user and password as the node that it runs on, and tells them to nobody.

Metadata server and Secret Manager are stand-ins that answer as their references say:
https://cloud.google.com/compute/docs/metadata/querying-metadata and
https://cloud.google.com/secret-manager/docs/reference/rest/v1/AccessSecretVersionResponse
"""

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from streaming import kafka_secret
from streaming.failures import NotReady
from streaming.kafka_security import client_settings, table_properties
from streaming.options import Options

SECRET = "projects/ecom-dev-example/secrets/ecom-dev-kafka"
VALUE = {"username": "flink", "password": "open-sesame"}
TOKEN = "/computeMetadata/v1/instance/service-accounts/default/token"
ON_DATAPROC = replace(Options(), kafka_tls=True, kafka_secret=SECRET)


class Node:
    """A machine of Google's: its metadata server, and the Secret Manager that knows its token."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.value = json.dumps(VALUE)
        self.status = 200
        node = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                node.asked.append(self.path)
                status, answer = node.answer(self.path, dict(self.headers))
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, format: str, *args: object) -> None:
                """Nobody reads it."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.http.server_port}"

    def answer(self, path: str, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Status and body of the answer to a request."""
        if path == TOKEN and headers.get("Metadata-Flavor") == "Google":
            return 200, {"access_token": "the node's", "expires_in": 3599, "token_type": "Bearer"}
        if headers.get("Authorization") != "Bearer the node's":
            return 403, {"error": {"code": 403, "status": "PERMISSION_DENIED"}}
        data = base64.b64encode(self.value.encode()).decode()
        version = f"{path.removeprefix('/v1/').partition('/versions/')[0]}/versions/7"
        return self.status, {"name": version, "payload": {"data": data, "dataCrc32c": "1"}}


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Iterator[Node]:
    server = Node()
    threading.Thread(target=server.http.serve_forever, daemon=True).start()
    monkeypatch.setenv(kafka_secret.METADATA, server.address)
    monkeypatch.setenv("CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER", f"http://{server.address}/")
    yield server
    server.http.shutdown()
    server.http.server_close()


def test_the_node_reads_the_newest_version_with_its_own_token(node: Node) -> None:
    assert 'username="flink" password="open-sesame";' in table_properties(ON_DATAPROC, {})
    assert node.asked == [TOKEN, f"/v1/{SECRET}/versions/latest:access"]
    assert client_settings(ON_DATAPROC, {})["sasl_plain_password"] == "open-sesame"


def test_the_environment_comes_first(node: Node) -> None:
    given = {"KAFKA_USERNAME": "job", "KAFKA_PASSWORD": "given"}
    assert client_settings(ON_DATAPROC, given)["sasl_plain_username"] == "job"
    assert node.asked == []


def test_a_refusal_names_the_secret(node: Node) -> None:
    node.status = 403
    with pytest.raises(NotReady, match=f"{SECRET}.*403"):
        table_properties(ON_DATAPROC, {})


def test_a_value_that_is_none_is_not_shown(node: Node) -> None:
    node.value = "open-sesame"
    with pytest.raises(NotReady, match="not JSON") as refused:
        table_properties(ON_DATAPROC, {})
    assert "open-sesame" not in str(refused.value)


def test_without_a_metadata_server_it_says_so(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(kafka_secret.METADATA, "127.0.0.1:1")
    with pytest.raises(NotReady, match="cannot be read"):
        table_properties(ON_DATAPROC, {})
