"""Mails: put down by requests, sent by the worker, and what their secrets open."""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Now
from django.template.loader import render_to_string

from ecom.apps.customers.models import ALIAS, Account, Letter
from ecom.apps.customers.secret_tokens import digest, new_secret

BATCH = 20
PURGE_BATCH = 5000
# How long to wait before each further attempt; after the last one a letter is given up. The first wait is longer than
# a batch takes, so that nobody else sends the same letter meanwhile.
RETRY_MINUTES = (2, 5, 15, 60, 240, 720)
MAX_PER_HOUR = 5  # of one kind to one address
LIFETIMES = {Letter.Kind.REGISTRATION: timedelta(hours=24), Letter.Kind.PASSWORD_RESET: timedelta(hours=1)}
KEPT_WHEN_UNDELIVERED = timedelta(days=7)

log = logging.getLogger(__name__)


class InvalidSecret(Exception):
    """The secret is of no letter that still waits for it: unknown, used, or too old."""


def opened_letter(*, kind: Letter.Kind, secret: str) -> Letter:
    """Take the letter that held this secret, and all others of its kind to that address; it works once.

    Call it in the transaction of what the letter is for: the second of two callers waits for the first and finds
    nothing. Raises InvalidSecret. Three statements.
    """
    sent = Letter.objects.filter(kind=kind, digest=digest(secret), expires_at__gt=Now())
    email = sent.values_list("email", flat=True).first()
    letters = locked_letters(Letter.objects.filter(kind=kind, email=email)) if email else []
    letter = next((letter for letter in letters if letter.digest == digest(secret)), None)
    if letter is None:
        raise InvalidSecret
    Letter.objects.filter(pk__in=[letter.pk for letter in letters]).delete()
    return letter


def locked_letters(letters: QuerySet[Letter]) -> list[Letter]:
    """Letters locked in one order, as everybody locks them: two who lock several cannot block each other for good."""
    return list(letters.order_by("pk").select_for_update())


def send_due_letters() -> int:
    """Send the next letters that are due, at least once each; several workers may. Returns how many were due.

    Raises what the mail server's connection raises; letters that were not sent then are tried again later.
    """
    letters = _claimed()
    if not letters:
        return 0
    recipients = _Recipients.of(letters)
    with get_connection() as connection:
        for letter in letters:
            _send(letter, recipients, connection)
    return len(letters)


def purge_letters() -> int:
    """Remove letters whose secret is too old, and later those that could not be delivered. Returns how many."""
    sent_too_long_ago = Q(expires_at__lt=Now(), sent_at__isnull=False)
    undelivered = Q(created_at__lt=Now() - KEPT_WHEN_UNDELIVERED, sent_at=None)
    with transaction.atomic(using=ALIAS):
        old = Letter.objects.filter(sent_too_long_ago | undelivered).select_for_update(skip_locked=True)
        return Letter.objects.filter(pk__in=[letter.pk for letter in old.only("pk")[:PURGE_BATCH]]).delete()[0]


def _claimed() -> list[Letter]:
    """Take letters that are due; whoever takes one puts off its next attempt first."""
    with transaction.atomic(using=ALIAS):
        due = Letter.objects.filter(due_at__lte=Now()).order_by("due_at")
        letters = list(due.select_for_update(skip_locked=True)[:BATCH])
        waits = [When(attempts=done, then=Now() + timedelta(minutes=wait)) for done, wait in enumerate(RETRY_MINUTES)]
        taken = Letter.objects.filter(pk__in=[letter.pk for letter in letters])
        taken.update(due_at=Case(*waits, default=Value(None)), attempts=F("attempts") + 1)
    return letters


@dataclass(frozen=True, slots=True)
class _Recipients:
    """What is known of a batch's addresses: their accounts, and the letters that they got within the last hour."""

    accounts: dict[str | None, Account]
    recent: Counter[tuple[str, str]] = field(default_factory=Counter)

    @classmethod
    def of(cls, letters: Sequence[Letter]) -> "_Recipients":
        addresses = {letter.email for letter in letters}
        recent = Letter.objects.filter(email__in=addresses, sent_at__gt=Now() - timedelta(hours=1))
        return cls(
            accounts={account.email: account for account in Account.objects.filter(email__in=addresses)},
            recent=Counter(recent.values_list("email", "kind")),
        )


def _send(letter: Letter, recipients: _Recipients, connection: BaseEmailBackend) -> None:
    """Send one letter. One that nobody should get is thrown away, one that fails stays for its next attempt."""
    template = _template(letter, recipients.accounts.get(letter.email))
    if template is None or recipients.recent[letter.email, letter.kind] >= MAX_PER_HOUR:
        Letter.objects.filter(pk=letter.pk).delete()
        return
    message = _message(letter, template)
    message.connection = connection
    try:
        message.send()
    except OSError as error:  # smtplib's errors are OSErrors; their text names the address, so it is not logged
        left = len(RETRY_MINUTES) - letter.attempts
        log.log(
            logging.WARNING if left > 0 else logging.ERROR,
            "mail not sent" if left > 0 else "mail given up",
            extra={"letter": letter.pk, "kind": letter.kind, "error": type(error).__name__},
        )
        return
    Letter.objects.filter(pk=letter.pk).update(sent_at=Now(), due_at=None)
    recipients.recent[letter.email, letter.kind] += 1


def _template(letter: Letter, account: Account | None) -> str | None:
    """The text for this letter as things stand now; None where there is nothing to tell."""
    if letter.kind == Letter.Kind.REGISTRATION:
        return "already_registered" if account else "registration"
    return letter.kind.replace("-", "_") if account and account.is_active else None


def _message(letter: Letter, template: str) -> EmailMessage:
    """The mail: its text's first line is the subject. A secret is made now, so that none waits in the database."""
    secret = None
    if template in ("registration", "password_reset"):
        secret = new_secret()
        lifetime = LIFETIMES[Letter.Kind(letter.kind)]
        Letter.objects.filter(pk=letter.pk).update(digest=digest(secret), expires_at=Now() + lifetime)
    context = {"letter": letter, "secret": secret, "storefront": settings.STOREFRONT_URL}
    subject, _, body = render_to_string(f"customers/{template}.txt", context).partition("\n")
    return EmailMessage(subject, body.lstrip(), to=[letter.email], headers={"Auto-Submitted": "auto-generated"})
