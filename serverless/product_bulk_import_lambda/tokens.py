"""The token with which the function calls the shop: got with a service account's secret, kept and renewed in time.

Remote contract: `POST /auth/token {"grant_type": "client_credentials", "client_id", "client_secret", "audience"}`
answers 200 with `access_token` and `expires_in` (seconds).
"""

import json
import threading
import time
from typing import Any

import urllib3

AUDIENCE = "catalog"
RENEWED_BEFORE_SECONDS = 60


class NoToken(Exception):
    """The shop gave no token; `answer` is what it gave instead, whatever its status."""

    def __init__(self, answer: urllib3.BaseHTTPResponse) -> None:
        super().__init__(f"The shop's POST /auth/token answered {answer.status}.")
        self.answer = answer


class Tokens:
    """The tokens of one service account, shared by threads and by the runs of one process."""

    def __init__(self, pool: urllib3.PoolManager, *, gateway_url: str, secrets: Any, secret_id: str) -> None:
        self._pool = pool
        self._url = f"{gateway_url}/auth/token"
        self._secrets, self._secret_id = secrets, secret_id
        self._token, self._renew_at = "", float("-inf")
        self._renewing = threading.Lock()

    def token(self) -> str:
        """A token that has a minute left at least. Raises NoToken, urllib3's HTTPError, botocore's ClientError."""
        with self._renewing:
            if time.monotonic() >= self._renew_at:
                self._renew()
            return self._token

    def forget(self, token: str) -> None:
        """The shop refused it: the next one is a new one."""
        with self._renewing:
            if token == self._token:
                self._renew_at = float("-inf")

    def _renew(self) -> None:
        # The secret is read again each time, as it may have been rotated since.
        secret = json.loads(self._secrets.get_secret_value(SecretId=self._secret_id)["SecretString"])
        grant = {
            "grant_type": "client_credentials",
            "client_id": secret["client_id"],
            "client_secret": secret["client_secret"],
            "audience": AUDIENCE,
        }
        now = time.monotonic()
        answer = self._pool.request("POST", self._url, json=grant)
        if answer.status != 200:
            raise NoToken(answer)
        body = answer.json()
        self._token, self._renew_at = body["access_token"], now + body["expires_in"] - RENEWED_BEFORE_SECONDS
