"""Accounts with their addresses and sessions, service accounts, mails to be sent and events to be published."""

from typing import Any, Self

import uuid_utils.compat as uuid_utils
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Lower, Now

from ecom.apps.customers import email_addresses
from ecom.common.public_ids import PUBLIC_ID_LENGTH, new_public_id

ALIAS = "customers"
NAME_LENGTH = 100
PHONE_LENGTH = 32
HASH_LENGTH = 128
DIGEST_LENGTH = 64


def new_customer_id() -> str:
    """A customer's public id and, in events and orders, pseudonym: `U…`."""
    return new_public_id("U")


def new_address_id() -> str:
    """An address's public id: `A…`."""
    return new_public_id("A")


class AccountManager(BaseUserManager["Account"]):
    """Finds accounts by the one spelling of their address, and makes those that no registration makes."""

    def get_by_natural_key(self, username: str | None) -> "Account":
        """The account of an e-mail address in any spelling. Raises Account.DoesNotExist."""
        try:
            return self.get(email=email_addresses.normalised(username or ""))
        except ValueError as error:
            raise self.model.DoesNotExist from error

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Account":
        """An account whose address is taken as proven; without a password nobody can sign in to it."""
        account = self.model(email=email_addresses.normalised(email), **fields)
        account.set_password(password)
        account.save()
        return account

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "Account":
        """An administrator of the backoffice."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class Account(AbstractBaseUser, PermissionsMixin):
    """A person who has proven an e-mail address: a customer or, with `is_staff`, one who works in the backoffice.

    `public_id` is the person's pseudonym in orders and events. Erasing empties the row but for that, so that nothing
    leads from the pseudonym to the person any more, and no other account can ever get it.
    """

    public_id = models.CharField(max_length=PUBLIC_ID_LENGTH, default=new_customer_id, editable=False, db_collation="C")
    email = models.EmailField(
        max_length=email_addresses.MAX_LENGTH,
        null=True,
        db_collation="C",
        help_text="Lower case; empty once the account is erased.",
    )
    given_name = models.CharField(max_length=NAME_LENGTH, blank=True)
    family_name = models.CharField(max_length=NAME_LENGTH, blank=True)
    phone = models.CharField(max_length=PHONE_LENGTH, blank=True)
    is_active = models.BooleanField(default=True, help_text="Without it nobody can sign in.")
    is_staff = models.BooleanField("staff", default=False, help_text="May sign in to the backoffice.")
    created_at = models.DateTimeField(auto_now_add=True)
    erased_at = models.DateTimeField(null=True, editable=False)

    last_login = None  # sessions tell it, without one more write at each sign-in
    _password: str | None  # Django's: a password that was set and not saved yet
    objects = AccountManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        permissions = [("manage_staff_account", "Can make accounts staff, give them roles and reset second factors")]
        constraints = [
            models.UniqueConstraint(fields=["public_id"], name="account_public_id"),
            models.UniqueConstraint(fields=["email"], name="account_email"),
            models.CheckConstraint(name="account_email_spelling", condition=Q(email=Lower("email"))),
            models.CheckConstraint(
                name="account_erased_is_empty",
                condition=Q(erased_at=None, email__isnull=False)
                | Q(erased_at__isnull=False, email=None, given_name="", family_name="", phone="", is_active=False),
            ),
        ]

    def __str__(self) -> str:
        """The pseudonym: this ends up in the admin's history, which outlives an erasure."""
        return self.public_id

    def clean(self) -> None:
        """AbstractBaseUser would change the address here; its one spelling is made where it comes in."""

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A new password ends every session, whoever sets it: the API, the admin or a command."""
        password_is_new = self._password is not None and self.pk is not None
        with transaction.atomic(using=ALIAS):
            super().save(*args, **kwargs)
            if password_is_new:
                Session.objects.of(self).end()


class Address(models.Model):
    """Where a customer has things sent to."""

    address_id = models.CharField(max_length=PUBLIC_ID_LENGTH, default=new_address_id, editable=False, db_collation="C")
    account = models.ForeignKey(Account, models.CASCADE, related_name="addresses")
    recipient = models.CharField(max_length=200)
    company = models.CharField(max_length=200, blank=True)
    line1 = models.CharField(max_length=200)
    line2 = models.CharField(max_length=200, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=100)
    region = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=2, help_text="ISO 3166-1 code.")
    phone = models.CharField(max_length=PHONE_LENGTH, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["address_id"], name="address_public_id")]
        verbose_name_plural = "addresses"

    def __str__(self) -> str:
        return self.address_id


class SessionQuerySet(models.QuerySet["Session"]):
    def of(self, account: Account) -> Self:
        """The account's sessions that still go on."""
        return self.filter(account=account, ended_at=None)

    def end(self) -> int:
        """End them: their refresh tokens work no more. Returns how many."""
        return self.update(ended_at=Now())


class Session(models.Model):
    """One sign-in: the family of the refresh tokens that came one out of the other since then."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="sessions")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    verified = models.BooleanField(
        default=False, db_default=False, help_text="Whether it began with a second factor; staff's do."
    )

    objects = SessionQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="session_expiry")]

    def __str__(self) -> str:
        return f"session {self.pk}"


class RefreshToken(models.Model):
    """A refresh token, by its digest. It can be used once, at `used_at`; using it again tells of a theft."""

    digest = models.CharField(max_length=DIGEST_LENGTH, primary_key=True, db_collation="C")
    session = models.ForeignKey(Session, models.CASCADE, related_name="tokens")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="refresh_token_expiry")]

    def __str__(self) -> str:
        return f"refresh token of session {self.session_id}"


class ServiceAccount(models.Model):
    """A program that acts for itself. It signs in with `client_id` and a secret, of which the digest is kept."""

    client_id = models.CharField(
        max_length=64, validators=[RegexValidator(r"\A[a-z0-9][a-z0-9._-]*\Z")], db_collation="C"
    )
    description = models.CharField(max_length=200, blank=True)
    secret_digest = models.CharField(max_length=DIGEST_LENGTH, editable=False)
    scopes = ArrayField(
        models.CharField(max_length=64, validators=[RegexValidator(r"\A[a-z]+:[a-z-]+\Z")]),
        default=list,
        blank=True,
        size=20,
        help_text="What it may do, such as activity:any, catalog:write.",
    )
    audiences = ArrayField(
        models.CharField(max_length=32, validators=[RegexValidator(r"\A[a-z]+\Z")]),
        default=list,
        size=10,
        help_text="Where its tokens are good: a service's name, or ecom for the public API. The first is the default.",
    )
    is_active = models.BooleanField(default=True, help_text="Without it no new token is given out.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["client_id"]
        constraints = [
            models.UniqueConstraint(fields=["client_id"], name="service_account_client_id"),
            models.CheckConstraint(name="service_account_has_audience", condition=Q(audiences__len__gt=0)),
        ]

    def __str__(self) -> str:
        return self.client_id


class Letter(models.Model):
    """A mail that a request asked for and the worker sends: the outbox of mails.

    A request puts a letter down whether or not the address has an account, so that it cannot tell; the worker looks,
    when it sends. Two kinds carry a secret, given to the mailbox alone: to confirm a registration, whose data wait
    here until then, or to set a new password.
    """

    class Kind(models.TextChoices):
        REGISTRATION = "registration"
        PASSWORD_RESET = "password-reset"  # noqa: S105 - a kind of letter
        PASSWORD_CHANGED = "password-changed"  # noqa: S105

    kind = models.CharField(max_length=20, choices=Kind)
    email = models.EmailField(max_length=email_addresses.MAX_LENGTH, db_collation="C")
    password = models.CharField(max_length=HASH_LENGTH, blank=True, help_text="Of a registration, hashed.")
    given_name = models.CharField(max_length=NAME_LENGTH, blank=True)
    family_name = models.CharField(max_length=NAME_LENGTH, blank=True)
    digest = models.CharField(max_length=DIGEST_LENGTH, null=True, db_collation="C", help_text="Of the secret sent.")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, db_default=Now(), help_text="When to send; empty: no more.")
    attempts = models.SmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["digest"], name="letter_digest"),
            models.CheckConstraint(
                name="letter_kind", condition=Q(kind__in=["registration", "password-reset", "password-changed"])
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="letter_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["email"], name="letter_email"),
            models.Index(fields=["expires_at"], name="letter_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Throttle(models.Model):
    """Attempts counted under a key (a keyed hash: no address or client can be read from it), and their limit."""

    key = models.CharField(max_length=DIGEST_LENGTH, primary_key=True, db_collation="C")
    attempts = models.IntegerField()
    free = models.IntegerField(help_text="Attempts that cost no wait.")
    longest = models.IntegerField(help_text="Seconds that the wait is at most.")
    blocked_until = models.DateTimeField(help_text="The time of the last attempt, or later while one has to wait.")

    class Meta:
        indexes = [models.Index(fields=["blocked_until"], name="throttle_age")]

    def __str__(self) -> str:
        return self.key


class OutboxEvent(models.Model):
    """An event that is true since the transaction that wrote it; a relay publishes it, in order of `id`."""

    event_id = models.UUIDField(default=uuid_utils.uuid7, editable=False)
    type = models.CharField(max_length=64)
    key = models.CharField(max_length=64)
    body = models.JSONField()
    traceparent = models.CharField(max_length=55, blank=True, db_default="", help_text="Of its request, if any.")
    created_at = models.DateTimeField(db_default=Now())
    published_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["event_id"], name="outbox_event_id")]
        indexes = [models.Index(fields=["id"], name="outbox_unpublished", condition=Q(published_at=None))]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"
