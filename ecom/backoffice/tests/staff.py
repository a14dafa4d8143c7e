"""Staff for tests: signed in with password and second factor both behind them."""

import time
from typing import Any

from django.test import Client
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from ecom.backoffice.second_factor import new_app


def verified(client: Client, account: Any) -> Client:
    """The client as this account, past the second factor."""
    client.force_login(account)
    device = TOTPDevice.objects.filter(user=account).first() or new_app(account)
    device.save()
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    session.save()
    return client


def code_of(key: str, *, steps: int = 0) -> str:
    """What an app with this key (hexadecimal) shows now, or some steps of 30 seconds later."""
    totp = TOTP(bytes.fromhex(key))
    totp.time = time.time() + 30 * steps
    return f"{totp.token():06}"
