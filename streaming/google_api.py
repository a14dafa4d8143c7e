"""Calls of Google's APIs as whoever runs the command: by gcloud's variables, a federated identity, or gcloud itself."""

import os
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from streaming.failures import Failure
from streaming.google_federation import federated_token

TIMEOUT_SECONDS = 60.0
TOKEN = "CLOUDSDK_AUTH_ACCESS_TOKEN"  # noqa: S105 - the name of a variable
IDENTITY = "GOOGLE_APPLICATION_CREDENTIALS"
ENDPOINT = "CLOUDSDK_API_ENDPOINT_OVERRIDES_"


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


def _token() -> str:
    if token := os.environ.get(TOKEN):
        return token
    if file := os.environ.get(IDENTITY):
        return federated_token(Path(file))
    try:
        done = subprocess.run(["gcloud", "auth", "print-access-token"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Failure(f"no access token: set {TOKEN} or {IDENTITY}, or sign in with gcloud: {error}") from error
    return done.stdout.strip()
