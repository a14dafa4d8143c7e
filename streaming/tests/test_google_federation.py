"""A pod's own token becomes one of Google's, step by step, and a refusal says which step."""

import json
import threading
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from streaming import google_api
from streaming.failures import Failure
from streaming.google_federation import federated_token

AUDIENCE = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ecom/providers/eks"


class Google:
    """The two steps of the exchange as their references describe them, and what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.refuses = ""
        google = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = self.headers["Content-Type"] == "application/x-www-form-urlencoded"
                asked = dict(urllib.parse.parse_qsl(body)) if form else json.loads(body)
                google.asked.append((self.path, self.headers.get("Authorization", ""), asked))
                answer = {"access_token": "exchanged"} if self.path == "/v1/token" else {"accessToken": "account's"}
                self.send_response(403 if self.path == google.refuses else 200)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, format: str, *args: object) -> None:
                """Nobody reads it."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.root = f"http://127.0.0.1:{self.http.server_port}"


@pytest.fixture
def google() -> Iterator[Google]:
    server = Google()
    threading.Thread(target=server.http.serve_forever, daemon=True).start()
    yield server
    server.http.shutdown()
    server.http.server_close()


@pytest.fixture
def identity(google: Google, tmp_path: Path) -> Path:
    (tmp_path / "token").write_text("the pod's\n")
    described = {
        "type": "external_account", "audience": AUDIENCE,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "token_url": f"{google.root}/v1/token",
        "service_account_impersonation_url": f"{google.root}/v1/accounts/flink:generateAccessToken",
        "credential_source": {"file": str(tmp_path / "token"), "format": {"type": "text"}},
    }  # fmt: skip
    file = tmp_path / "credentials.json"
    file.write_text(json.dumps(described))
    return file


def test_the_pods_token_is_exchanged_and_acts_as_the_service_account(
    google: Google, identity: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(google_api.TOKEN, raising=False)
    monkeypatch.setenv(google_api.IDENTITY, str(identity))
    assert google_api._token() == "account's"
    (first, no_token, exchange), (second, token, asked) = google.asked
    assert (first, no_token) == ("/v1/token", "")
    assert (exchange["subject_token"], exchange["audience"]) == ("the pod's", AUDIENCE)
    assert exchange["grant_type"] == "urn:ietf:params:oauth:grant-type:token-exchange"
    assert (second, token) == ("/v1/accounts/flink:generateAccessToken", "Bearer exchanged")
    assert asked == {"scope": ["https://www.googleapis.com/auth/cloud-platform"]}


@pytest.mark.parametrize("step", ["/v1/token", "/v1/accounts/flink:generateAccessToken"])
def test_a_refusal_names_its_step(google: Google, identity: Path, step: str) -> None:
    google.refuses = step
    with pytest.raises(Failure, match=f"{step}: 403"):
        federated_token(identity)


def test_a_key_or_a_missing_token_is_refused(google: Google, identity: Path) -> None:
    identity.write_text(identity.read_text().replace("external_account", "service_account"))
    with pytest.raises(Failure, match="service_account"):
        federated_token(identity)
    (identity.parent / "token").unlink()
    with pytest.raises(Failure, match="cannot be read"):
        federated_token(identity)
