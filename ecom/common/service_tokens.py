"""Tokens for calls to other services: got from customers with this service's own credentials, for one callee each.

Remote contract: `POST /auth/token {"grant_type": "client_credentials", "client_id", "client_secret", "audience"}`
answers 200 with `access_token` and `expires_in` (seconds); anything else is a refusal.
"""

import threading
import time
from dataclasses import dataclass, replace

import urllib3

RENEWED_BEFORE_SECONDS = 60
RETRY_SECONDS = 5
TIMEOUT = urllib3.Timeout(connect=1, read=3)


class NoServiceToken(Exception):
    """Customers gave no token, and the last one has ended."""


@dataclass(frozen=True, slots=True)
class _Token:
    """A token with the times of its making, its end and its next renewal, by the monotonic clock."""

    text: str
    made_at: float
    ends_at: float
    renew_at: float


_NONE = _Token("", made_at=float("-inf"), ends_at=float("-inf"), renew_at=float("-inf"))


class ServiceTokens:
    """The tokens of one service account, shared by the threads of a process."""

    def __init__(self, *, customers_url: str, client_id: str, client_secret: str) -> None:
        self._url = f"{customers_url}/auth/token"
        self._grant = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
        self._pool = urllib3.PoolManager(maxsize=1, retries=False, timeout=TIMEOUT)
        self._tokens: dict[str, _Token] = {}
        self._renewing = threading.Lock()

    def for_audience(self, audience: str) -> str:
        """A token that the service `audience` takes. Raises NoServiceToken.

        It is renewed a minute before its end; while customers does not answer, the old one goes on until then.
        """
        token = self._tokens.get(audience, _NONE)
        if time.monotonic() < token.renew_at:
            return token.text
        with self._renewing:  # one thread asks, the others wait for its answer
            token = self._tokens.get(audience, _NONE)
            if time.monotonic() >= token.renew_at:
                token = self._tokens[audience] = self._renewed(audience, token)
        return token.text

    def refused(self, audience: str) -> None:
        """The callee did not take the token, as after a change of keys: the next call brings another one.

        No token is asked for within 5 seconds of the last, so that a callee which refuses them all costs little.
        """
        with self._renewing:
            token = self._tokens.get(audience, _NONE)
            self._tokens[audience] = replace(token, renew_at=min(token.renew_at, token.made_at + RETRY_SECONDS))

    def _renewed(self, audience: str, token: _Token) -> _Token:
        """The next token, or this one for as long as it is good."""
        now = time.monotonic()
        try:
            return self._asked_for(audience, now)
        except (urllib3.exceptions.HTTPError, ValueError, KeyError, NoServiceToken) as error:
            if token.ends_at < now + RETRY_SECONDS:
                raise NoServiceToken(f"no token for {audience}: {type(error).__name__}: {error}") from error
            return replace(token, renew_at=now + RETRY_SECONDS)

    def _asked_for(self, audience: str, now: float) -> _Token:
        response = self._pool.request("POST", self._url, json={**self._grant, "audience": audience})
        if response.status != 200:
            raise NoServiceToken(f"customers answered {response.status}")
        body = response.json()
        ends_at = now + body["expires_in"]
        return _Token(body["access_token"], made_at=now, ends_at=ends_at, renew_at=ends_at - RENEWED_BEFORE_SECONDS)
