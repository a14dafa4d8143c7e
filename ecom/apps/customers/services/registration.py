"""How an account begins: somebody asks, the mailbox confirms."""

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from ecom.apps.customers.models import ALIAS, Account, Letter
from ecom.apps.customers.services.letters import LIFETIMES, InvalidSecret, opened_letter
from ecom.apps.customers.throttling import client_limit, count_attempt


def register(*, email: str, password: str, client: str, given_name: str = "", family_name: str = "") -> None:
    """Ask for an account: the same work and the same two statements whether or not the address has one already.

    The account comes to be when its mailbox confirms it, with the password of the registration that is confirmed.
    `client` is the caller's network address. Raises TooManyAttempts.
    """
    count_attempt([client_limit("registration").of(client)])
    Letter.objects.create(
        kind=Letter.Kind.REGISTRATION,
        email=email,
        password=make_password(password),
        given_name=given_name,
        family_name=family_name,
        expires_at=Now() + LIFETIMES[Letter.Kind.REGISTRATION],
    )


def confirm_registration(*, secret: str) -> Account:
    """Make the account of the registration whose mail held this secret. Raises InvalidSecret; works once."""
    try:
        with transaction.atomic(using=ALIAS):
            letter = opened_letter(kind=Letter.Kind.REGISTRATION, secret=secret)
            account = Account(
                email=letter.email,
                password=letter.password,
                given_name=letter.given_name,
                family_name=letter.family_name,
            )
            account.save(force_insert=True)
    except IntegrityError as error:  # another registration of this address was confirmed in the same moment
        raise InvalidSecret from error
    return account
