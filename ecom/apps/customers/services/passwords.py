"""A new password: for whoever knows the old one, or whose mailbox it is."""

from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from ecom.apps.customers.models import ALIAS, Account, Letter
from ecom.apps.customers.selectors import active_account
from ecom.apps.customers.services.letters import LIFETIMES, opened_letter
from ecom.apps.customers.services.sessions import InvalidCredentials, TokenPair, open_session
from ecom.apps.customers.throttling import Limit, client_limit, count_attempt, forgive

CHANGE = Limit("password-change", free=5, longest=900)


def request_reset(*, email: str, client: str) -> None:
    """Ask for the mail with which a new password is set: two statements, whether or not the address has an account.

    `client` is the caller's network address. Raises TooManyAttempts.
    """
    count_attempt([client_limit("password-reset").of(client)])
    invite(email=email)


def invite(*, email: str) -> None:
    """Send the mail with which a password is set: to somebody who forgot it, or to new staff."""
    Letter.objects.create(
        kind=Letter.Kind.PASSWORD_RESET,
        email=email,
        expires_at=Now() + LIFETIMES[Letter.Kind.PASSWORD_RESET],
    )


def reset_password(*, secret: str, new_password: str) -> None:
    """Set the password of the account whose mailbox got this secret; all its sessions end. Raises InvalidSecret."""
    with transaction.atomic(using=ALIAS):
        letter = opened_letter(kind=Letter.Kind.PASSWORD_RESET, secret=secret)
        account = Account.objects.select_for_update().filter(email=letter.email, is_active=True).first()
        if account is None:
            return  # closed since the mail was sent: the caller has the mailbox, and learns nothing else
        _set_password(account, new_password)


def change_password(*, customer_id: str, verified: bool, current_password: str, new_password: str) -> TokenPair:
    """Change the password; all sessions end, and the returned pair begins a new one, `verified` as the caller's was.

    Raises UnknownCustomer, InvalidCredentials, TooManyAttempts.
    """
    counters = [CHANGE.of(customer_id)]
    count_attempt(counters)
    account = active_account(customer_id)
    if not account.check_password(current_password):
        raise InvalidCredentials
    forgive(own=counters)
    with transaction.atomic(using=ALIAS):
        unchanged = Account.objects.select_for_update().filter(pk=account.pk, password=account.password, is_active=True)
        if not unchanged.exists():  # changed or closed in the same moment
            raise InvalidCredentials
        _set_password(account, new_password)
    return open_session(account=account, verified=verified)


def _set_password(account: Account, password: str) -> None:
    """Set it, which ends the sessions, and let the mailbox know."""
    account.set_password(password)
    account.save(update_fields=["password"])
    Letter.objects.create(
        kind=Letter.Kind.PASSWORD_CHANGED, email=account.email or "", expires_at=Now() + timedelta(hours=1)
    )
