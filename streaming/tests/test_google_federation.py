"""A pod's own token becomes one of Google's, step by step, and a refusal says which step."""

import json
import threading
import time
import urllib.parse
from collections.abc import Iterator
from datetime import UTC, datetime
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
        self.lives_seconds = 3600
        google = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = self.headers["Content-Type"] == "application/x-www-form-urlencoded"
                asked = dict(urllib.parse.parse_qsl(body)) if form else json.loads(body)
                google.asked.append((self.path, self.headers.get("Authorization", ""), asked))
                expires = datetime.fromtimestamp(time.time() + google.lives_seconds, UTC).isoformat()
                answer = {"accessToken": f"account's {len(google.asked)}", "expireTime": expires}
                if self.path == "/v1/token":
                    answer = {"access_token": "exchanged", "expires_in": google.lives_seconds}
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


@pytest.fixture(autouse=True)
def nobody_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has asked for no token, in an environment that has none."""
    monkeypatch.delenv(google_api.TOKEN, raising=False)
    monkeypatch.delenv(google_api.IDENTITY, raising=False)
    monkeypatch.setattr(google_api, "_held", {})


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
    monkeypatch.setenv(google_api.IDENTITY, str(identity))
    assert google_api._token() == "account's 2"
    (first, no_token, exchange), (second, token, asked) = google.asked
    assert (first, no_token) == ("/v1/token", "")
    assert (exchange["subject_token"], exchange["audience"]) == ("the pod's", AUDIENCE)
    assert exchange["grant_type"] == "urn:ietf:params:oauth:grant-type:token-exchange"
    assert (second, token) == ("/v1/accounts/flink:generateAccessToken", "Bearer exchanged")
    assert asked == {"scope": ["https://www.googleapis.com/auth/cloud-platform"]}


@pytest.mark.parametrize("impersonates", [True, False])
def test_a_token_is_asked_for_again_when_it_is_about_to_expire(
    google: Google, identity: Path, monkeypatch: pytest.MonkeyPatch, impersonates: bool
) -> None:
    if not impersonates:
        described = json.loads(identity.read_text())
        del described["service_account_impersonation_url"]
        identity.write_text(json.dumps(described))
    steps = 2 if impersonates else 1
    monkeypatch.setenv(google_api.IDENTITY, str(identity))
    google.lives_seconds = int(google_api.SHORTLY_SECONDS)
    for asked in (1, 2):
        google_api._token()
        assert len(google.asked) == asked * steps
    google.lives_seconds = 3600
    tokens = {google_api._token() for _ in range(3)}
    assert (len(tokens), len(google.asked)) == (1, 3 * steps)


def test_without_variables_gcloud_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gcloud = tmp_path / "gcloud"
    gcloud.write_text(
        f"""#!/bin/sh
echo "$@" >> {tmp_path}/asked
echo '{{"configuration": {{}}, "credential": {{"access_token": "own", "token_expiry": "2999-12-31T23:59:59Z"}}}}'
"""
    )
    gcloud.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert [google_api._token() for _ in range(3)] == ["own"] * 3
    assert (tmp_path / "asked").read_text() == "config config-helper --format=json\n"
    gcloud.write_text("#!/bin/sh\necho '{}'\n")
    google_api._held.clear()
    with pytest.raises(Failure, match="sign in with gcloud"):
        google_api._token()


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
