"""Programs that act for themselves: their secrets and their tokens."""

from collections.abc import Collection
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.crypto import constant_time_compare

from ecom.apps.customers.access_tokens import SERVICE_SECONDS, service_token
from ecom.apps.customers.models import ServiceAccount
from ecom.apps.customers.secret_tokens import digest, new_secret
from ecom.apps.customers.services.sessions import InvalidCredentials
from ecom.apps.customers.throttling import Limit, client_limit, count_attempt, forgive

MIN_SECRET_LENGTH = 32
ACCOUNT_AND_CLIENT = Limit("client-credentials", free=5, longest=60)


class NotGranted(Exception):
    """The service account is not given what it asks for; `what` is "audience" or "scope"."""

    def __init__(self, what: str) -> None:
        super().__init__(f"This {what} is not granted.")
        self.what = what


@dataclass(frozen=True, slots=True)
class ServiceToken:
    """An access token for `expires_in` seconds, with the scopes that it carries."""

    access_token: str
    scope: str
    expires_in: int = SERVICE_SECONDS


def issue_service_token(
    *, client_id: str, secret: str, client: str, audience: str | None = None, scopes: Collection[str] | None = None
) -> ServiceToken:
    """A token for a service account: for the audience and the scopes asked for, or its first and all of its own.

    `client` is the caller's network address. Raises InvalidCredentials, NotGranted, TooManyAttempts.
    """
    own, shared = [ACCOUNT_AND_CLIENT.of(client_id, client)], [client_limit("client-credentials-client").of(client)]
    count_attempt([*own, *shared])
    account = ServiceAccount.objects.filter(client_id=client_id, is_active=True).first()
    expected = account.secret_digest if account else digest("")
    if not constant_time_compare(expected, digest(secret)) or account is None:
        raise InvalidCredentials
    forgive(own=own, shared=shared)
    return _token(account, audience or account.audiences[0], account.scopes if scopes is None else sorted(scopes))


def _token(account: ServiceAccount, audience: str, scopes: list[str]) -> ServiceToken:
    if audience not in account.audiences:
        raise NotGranted("audience")
    if not set(scopes) <= set(account.scopes):
        raise NotGranted("scope")
    token = service_token(client_id=account.client_id, scopes=scopes, audience=audience)
    return ServiceToken(token, scope=" ".join(scopes))


def new_service_secret(*, account: ServiceAccount) -> str:
    """Give the account another secret and save it. Returns the secret, which cannot be read again."""
    secret = new_secret()
    account.secret_digest = digest(secret)
    account.save()
    return secret


def ensure_service_account(*, client_id: str, secret: str, audiences: list[str], scopes: list[str]) -> None:
    """Make the service account, or bring it to this state. For deployments, which bring secrets of their own.

    Raises django's ValidationError for a value that the admin would refuse, and for a secret that could be guessed.
    """
    if len(secret) < MIN_SECRET_LENGTH:
        raise ValidationError(f"The secret must have at least {MIN_SECRET_LENGTH} random characters.")
    account = ServiceAccount.objects.filter(client_id=client_id).first() or ServiceAccount(client_id=client_id)
    account.secret_digest, account.is_active = digest(secret), True
    account.audiences, account.scopes = audiences, scopes
    account.full_clean()
    account.save()
