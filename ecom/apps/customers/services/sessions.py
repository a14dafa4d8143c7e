"""Signing in, going on, signing out."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.hashers import check_password
from django.db import connections
from django.db.models.functions import Now

from ecom.apps.customers.access_tokens import PERSON_SECONDS, person_token
from ecom.apps.customers.devices import known_device
from ecom.apps.customers.models import ALIAS, Account, RefreshToken, Session
from ecom.apps.customers.secret_tokens import digest, new_secret
from ecom.apps.customers.throttling import Counter, Limit, client_limit, count_attempt, forgive
from ecom.backoffice import second_factor

SESSION_LIFETIME = timedelta(days=90)
REFRESH_LIFETIME = timedelta(days=30)
# Two tabs, or a client that repeats a request whose answer was lost: no theft within this time.
REUSE_GRACE = timedelta(seconds=10)

ADDRESS_AND_CLIENT = Limit("sign-in", free=5, longest=900)
DEVICE = Limit("sign-in-device", free=5, longest=900)

log = logging.getLogger(__name__)


class InvalidCredentials(Exception):
    """No active account has this address and this password; which of it is wrong is nobody's business."""


class SecondFactorNeeded(Exception):
    """The account is staff's, and the password came without a code."""


class InvalidRefreshToken(Exception):
    """The refresh token is unknown, used, too old, or its session has ended or was begun before its owner was staff."""


@dataclass(frozen=True, slots=True)
class TokenPair:
    """An access token for `expires_in` seconds, and what the next pair is got with, once."""

    access_token: str
    refresh_token: str
    expires_in: int = PERSON_SECONDS


def sign_in(*, email: str, password: str, client: str, device: str | None = None, otp: str | None = None) -> TokenPair:
    """Begin a session. `client` is the caller's network address, `device` the cookie of an earlier sign-in.

    Staff bring a code of the second factor that they have in the backoffice (`otp`). Raises InvalidCredentials,
    TooManyAttempts and, where the password is right, SecondFactorNeeded, second_factor.WrongCode and
    second_factor.MustWait. The work is the same whether or not the address has an account.
    """
    account = authenticate(email=email, password=password, client=client, device=device)
    if not account.is_staff:
        return open_session(account=account)
    if otp is None:
        raise SecondFactorNeeded
    second_factor.verify(account=account, code=otp)
    return open_session(account=account, verified=True)


def authenticate(*, email: str, password: str, client: str, device: str | None = None) -> Account:
    """The active account with this address and password. Raises InvalidCredentials, TooManyAttempts."""
    own, shared = _counters(email, client, device)
    count_attempt([*own, *shared])
    account = Account.objects.filter(email=email, is_active=True).first()
    # Without an account, Django hashes the password all the same.
    if not (account.check_password(password) if account else check_password(password, "")) or account is None:
        raise InvalidCredentials
    forgive(own=own, shared=shared)
    return account


def _counters(email: str, client: str, device: str | None) -> tuple[Sequence[Counter], Sequence[Counter]]:
    """What an attempt counts under: counters that its success clears, and those that it shares with others."""
    if nonce := known_device(device, email):
        return [DEVICE.of(nonce)], []
    return [ADDRESS_AND_CLIENT.of(email, client)], [client_limit("sign-in-client").of(client)]


# A password that changes in the same moment ends this session too: either it waits for the account's row and then ends
# it, or this statement waits and finds another hash.
_OPEN = """
    WITH account AS (
        SELECT id FROM customers_account WHERE id = %(account)s AND password = %(password)s AND is_active FOR SHARE
    ), session AS (
        INSERT INTO customers_session (account_id, expires_at, verified)
        SELECT id, statement_timestamp() + %(session_lifetime)s, %(verified)s FROM account RETURNING id
    )
    INSERT INTO customers_refreshtoken (digest, session_id, expires_at)
    SELECT %(digest)s, id, statement_timestamp() + %(lifetime)s FROM session RETURNING session_id
"""


def open_session(*, account: Account, verified: bool = False) -> TokenPair:
    """Begin a session of an account whose password has just been checked, and its second factor where `verified`.

    Raises InvalidCredentials. One statement.
    """
    secret = new_secret()
    parameters: dict[str, Any] = {
        "account": account.pk,
        "password": account.password,
        "digest": digest(secret),
        "session_lifetime": SESSION_LIFETIME,
        "lifetime": REFRESH_LIFETIME,
        "verified": verified,
    }
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(_OPEN, parameters)
        if cursor.fetchone() is None:
            raise InvalidCredentials
    return TokenPair(person_token(customer_id=account.public_id, staff=account.is_staff and verified), secret)


# Of callers with the same token, one updates the row. The others wait for it and then see `used_at`: the condition is
# on the row that is updated, which PostgreSQL looks at again; a subquery would still see it as it was.
_ROTATE = """
    WITH used AS (
        UPDATE customers_refreshtoken AS token SET used_at = statement_timestamp()
        FROM customers_session AS session JOIN customers_account AS account ON account.id = session.account_id
        WHERE token.digest = %(digest)s AND token.used_at IS NULL AND token.expires_at > statement_timestamp()
            AND session.id = token.session_id AND session.ended_at IS NULL
            AND session.expires_at > statement_timestamp() AND account.is_active
            AND (session.verified OR NOT account.is_staff)
        RETURNING session.id, session.expires_at, account.public_id, account.is_staff
    ), renewed AS (
        INSERT INTO customers_refreshtoken (digest, session_id, expires_at)
        SELECT %(new_digest)s, id, least(expires_at, statement_timestamp() + %(lifetime)s) FROM used
    )
    SELECT public_id, is_staff FROM used
"""


def refresh(*, refresh_token: str) -> TokenPair:
    """The next pair of a session; the token works once. One statement.

    Raises InvalidRefreshToken. A token that was used before the last 10 seconds ends its whole session: one of the two
    who hold it is a thief.
    """
    secret = new_secret()
    parameters: dict[str, Any] = {
        "digest": digest(refresh_token),
        "new_digest": digest(secret),
        "lifetime": REFRESH_LIFETIME,
    }
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(_ROTATE, parameters)
        row = cursor.fetchone()
    if row is None:
        _end_if_stolen(refresh_token)
        raise InvalidRefreshToken
    customer_id, staff = row
    return TokenPair(person_token(customer_id=customer_id, staff=staff), secret)


def _end_if_stolen(refresh_token: str) -> None:
    used_before = {"tokens__digest": digest(refresh_token), "tokens__used_at__lt": Now() - REUSE_GRACE}
    if Session.objects.filter(ended_at=None, **used_before).end():
        log.warning("a refresh token was used again; its session has ended")


def sign_out(*, refresh_token: str) -> None:
    """End the session that the token belongs to, whichever of its tokens it is; nothing for an unknown one."""
    Session.objects.filter(ended_at=None, tokens__digest=digest(refresh_token)).end()


def purge_sessions() -> int:
    """Remove sessions and refresh tokens that can no longer be used. Returns how many rows."""
    tokens = RefreshToken.objects.filter(expires_at__lt=Now()).delete()[0]
    return tokens + Session.objects.filter(expires_at__lt=Now()).delete()[0]


def purge_backoffice_sessions() -> int:
    """Remove Django's own sessions that have ended, in which staff were signed in. Returns how many. One statement.

    By SQL: the table lies in this context's database, and its model is loaded where staff sign in alone.
    """
    with connections[ALIAS].cursor() as cursor:
        cursor.execute("DELETE FROM django_session WHERE expire_date < now()")
        return int(cursor.rowcount)
