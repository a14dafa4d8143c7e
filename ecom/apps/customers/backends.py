"""How Django's admin signs staff in: with the same accounts, and throttled like everybody."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from ecom.apps.customers import email_addresses
from ecom.apps.customers.models import Account
from ecom.apps.customers.services.sessions import InvalidCredentials, authenticate
from ecom.apps.customers.throttling import TooManyAttempts
from ecom.common.client_address import client_address


class AccountBackend(ModelBackend):
    """Permissions are Django's own; the password is checked as the API does it."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Account | None:
        if request is None or not username or not password:
            return None
        try:
            email = email_addresses.normalised(username)
            return authenticate(email=email, password=password, client=client_address(request))
        except (ValueError, InvalidCredentials, TooManyAttempts):
            return None
