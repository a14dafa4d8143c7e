"""A token of Google's for whoever another issuer knows: what a file of the type `external_account` describes.

No key is kept anywhere. The issuer's own token, which Kubernetes renews in a file, is exchanged for one of Google's
(RFC 8693), and that one for a service account's. https://google.aip.dev/auth/4117
"""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from streaming.failures import Failure

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
TIMEOUT_SECONDS = 30.0
KIND = "external_account"


@dataclass(frozen=True)
class Token:
    """An access token, and when it expires (seconds since 1970)."""

    text: str
    expires_at: float


def federated_token(file: Path) -> Token:
    """An access token, as a rule good for an hour. Raises Failure that names the step which was refused."""
    try:
        described = json.loads(file.read_text())
        own = Path(described["credential_source"]["file"]).read_text().strip()
        if described["type"] != KIND:
            raise Failure(f"{file} is of the type {described['type']}, not {KIND}")
    except (OSError, ValueError, KeyError) as error:
        raise Failure(f"{file} and the token that it names cannot be read: {error!r}") from error
    begun = time.time()
    exchanged = _post(described["token_url"], _exchange(described, own))
    if account := described.get("service_account_impersonation_url"):
        asked = json.dumps({"scope": [SCOPE]}).encode()
        answer = _post(account, asked, token=exchanged["access_token"], content_type="application/json")
        return Token(answer["accessToken"], datetime.fromisoformat(answer["expireTime"]).timestamp())
    return Token(exchanged["access_token"], begun + exchanged["expires_in"])


def _exchange(described: dict[str, Any], own: str) -> bytes:
    return urllib.parse.urlencode(
        {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "audience": described["audience"],
            "scope": SCOPE,
            "subject_token_type": described["subject_token_type"],
            "subject_token": own,
        }
    ).encode()


def _post(
    url: str, body: bytes, *, token: str = "", content_type: str = "application/x-www-form-urlencoded"
) -> dict[str, Any]:
    headers = {"Content-Type": content_type, **({"Authorization": f"Bearer {token}"} if token else {})}
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - the file's own addresses
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            found: dict[str, Any] = json.load(answer)
            return found
    except urllib.error.HTTPError as error:
        with error:
            raise Failure(f"{url}: {error.code} {error.read().decode(errors='replace')[:500]}") from error
    except (OSError, ValueError) as error:
        raise Failure(f"{url}: {error}") from error
