"""Calls of Google's APIs as whoever runs the command: by gcloud's variables, a federated identity, or gcloud itself."""

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from streaming.failures import Failure
from streaming.google_federation import Token, federated_token

TIMEOUT_SECONDS = 60.0
SHORTLY_SECONDS = 300.0  # a token that expires so soon is not used again
TOKEN = "CLOUDSDK_AUTH_ACCESS_TOKEN"  # noqa: S105 - the name of a variable
IDENTITY = "GOOGLE_APPLICATION_CREDENTIALS"
ENDPOINT = "CLOUDSDK_API_ENDPOINT_OVERRIDES_"
GCLOUD = ["gcloud", "config", "config-helper", "--format=json"]

_held: dict[str, Token] = {}  # by the file that describes the identity, "" for gcloud's own


class RequestRefused(Failure):
    """Google answered with an error."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def endpoint(service: str) -> str:
    """The address of `dataproc` or `storage`."""
    return os.environ.get(ENDPOINT + service.upper(), f"https://{service}.googleapis.com").rstrip("/")


def call(method: str, url: str, body: bytes | None = None, content_type: str = "application/json") -> bytes:
    """Make a request; return the answer's body. Raises RequestRefused, and Failure where nothing answers."""
    headers = {"Authorization": f"Bearer {_token()}", "Content-Type": content_type}
    request = urllib.request.Request(url, body, headers, method=method)  # noqa: S310 - https, or what gcloud is told
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            content: bytes = answer.read()
            return content
    except urllib.error.HTTPError as error:
        with error:
            text = error.read().decode(errors="replace")
        raise RequestRefused(f"{method} {url}: {error.code} {text[:1000]}", error.code) from error
    except OSError as error:
        raise Failure(f"{method} {url}: {error}") from error


def pages(url: str, query: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The pages of a list, of which each names the next one. Raises as `call` does."""
    page: dict[str, Any] = json.loads(call("GET", f"{url}?{urlencode(query)}"))
    yield page
    while token := page.get("nextPageToken"):
        page = json.loads(call("GET", f"{url}?{urlencode({**query, 'pageToken': token})}"))
        yield page


def _token() -> str:
    if token := os.environ.get(TOKEN):
        return token
    identity = os.environ.get(IDENTITY, "")
    if identity not in _held or _held[identity].expires_at - time.time() < SHORTLY_SECONDS:
        _held[identity] = federated_token(Path(identity)) if identity else _token_of_gcloud()
    return _held[identity].text


def _token_of_gcloud() -> Token:
    try:
        done = subprocess.run(GCLOUD, capture_output=True, text=True, check=True, timeout=TIMEOUT_SECONDS)
        found = json.loads(done.stdout)["credential"]
        return Token(found["access_token"], datetime.fromisoformat(found["token_expiry"]).timestamp())
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError) as error:
        raise Failure(f"no access token: set {TOKEN} or {IDENTITY}, or sign in with gcloud: {error}") from error
