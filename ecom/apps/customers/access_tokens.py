"""Access tokens: what `ecom.common.authentication` verifies, signed with the one key that this service holds."""

import time
from typing import Any

import jwt
from django.conf import settings

PERSON_SECONDS = 600
SERVICE_SECONDS = 300
PUBLIC_AUDIENCE = "ecom"


def person_token(*, customer_id: str, staff: bool) -> str:
    """A token for a customer or a member of staff, good for 10 minutes at every service."""
    return _signed(sub=customer_id, kind="staff" if staff else "customer", aud=PUBLIC_AUDIENCE, seconds=PERSON_SECONDS)


def service_token(*, client_id: str, scopes: list[str], audience: str) -> str:
    """A token for a service account, good for 5 minutes at `audience` alone."""
    return _signed(sub=client_id, kind="service", aud=audience, seconds=SERVICE_SECONDS, scope=" ".join(scopes))


def _signed(*, seconds: int, **claims: Any) -> str:
    now = int(time.time())
    payload = {"iss": settings.TOKEN_ISSUER, "iat": now, "exp": now + seconds, **claims}
    headers = {"kid": settings.TOKEN_SIGNING_KEY_ID}
    return jwt.encode(payload, settings.TOKEN_SIGNING_KEY, algorithm="RS256", headers=headers)
