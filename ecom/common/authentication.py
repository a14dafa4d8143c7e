"""Who is calling: bearer tokens verified here, with configured public keys, without a database or a call.

Tokens are RS256 JWTs with `kid`, `iss`, `aud`, `exp`, `sub`, `kind` (customer, staff or service) and, for service
accounts, `scope` (words separated by spaces).
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import jwt
from django.conf import settings
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

CLOCK_SKEW_SECONDS = 10
MAX_TOKEN_LENGTH = 4096
CHALLENGE = 'Bearer realm="ecom"'  # WWW-Authenticate of a 401
KINDS = frozenset({"customer", "staff", "service"})


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller, as the token says: `subject` is the public id (`U…` for a customer)."""

    subject: str
    kind: str
    scopes: frozenset[str] = frozenset()

    @property
    def is_authenticated(self) -> bool:
        """DRF's permission classes ask for it."""
        return True


class InvalidToken(Exception):
    """The token is malformed, expired, for somebody else, or signed by a key that we do not know."""


def bearer_token(request: HttpRequest) -> str | None:
    """The token of `Authorization: Bearer <token>`, None without the header. Raises InvalidToken for another one."""
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if not scheme:
        return None
    if scheme.lower() != "bearer" or not token:
        raise InvalidToken("The Authorization header must be: Bearer <token>.")
    return str(token).strip()


def verify_token(token: str) -> Principal:
    """The principal of a signed token. Raises InvalidToken, whose text is safe to show to the caller."""
    if len(token) > MAX_TOKEN_LENGTH:
        raise InvalidToken("The token is too long.")
    try:
        claims = jwt.decode(
            token,
            _public_keys()[jwt.get_unverified_header(token)["kid"]],
            algorithms=["RS256"],
            audience=settings.TOKEN_AUDIENCES,
            issuer=settings.TOKEN_ISSUER,
            leeway=CLOCK_SKEW_SECONDS,
            options={"require": ["exp", "sub", "kind"]},
        )
    except KeyError as error:
        raise InvalidToken("The token's key is not known.") from error
    except jwt.InvalidTokenError as error:
        raise InvalidToken(str(error)) from error
    return _principal(claims)


def _principal(claims: dict[str, Any]) -> Principal:
    kind, scope = claims["kind"], claims.get("scope", "")
    if kind not in KINDS or not isinstance(scope, str):
        raise InvalidToken("The token's kind or scope is not one of ours.")
    return Principal(subject=claims["sub"], kind=kind, scopes=frozenset(scope.split()))


@cache
def _public_keys() -> dict[str, jwt.PyJWK]:
    keys = jwt.PyJWKSet.from_dict(settings.TOKEN_KEYS)
    return {key.key_id: key for key in keys.keys if key.key_id}


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`. Without the header the caller is anonymous; with a bad one the answer is 401."""

    def authenticate(self, request: Request) -> tuple[Principal, str] | None:
        try:
            token = bearer_token(request._request)
            return None if token is None else (verify_token(token), token)
        except InvalidToken as error:
            raise AuthenticationFailed(str(error)) from error

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE
