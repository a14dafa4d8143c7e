"""The second factor of staff: a code from an app on the phone, or one of the codes kept for when the phone is lost.

django-otp keeps the devices, refuses a code that was used, and makes each wrong one cost twice the wait of the one
before. Its own functions open a transaction on the default database, which is none; these name it.
"""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import router, transaction
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice, default_key

APP, BACKUP_CODES = "app", "backup codes"  # the names of the two devices that an account has
NUMBER_OF_BACKUP_CODES = 10


class WrongCode(Exception):
    """It is not the code of now, it was used before, or it is no backup code of this account."""


class MustWait(Exception):
    """Too many wrong codes; the next is looked at in `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"wait {seconds:.0f} s")
        self.seconds = seconds


class AlreadyEnrolled(Exception):
    """The account has an app already: only an administrator takes it away."""


def is_enrolled(account: AbstractBaseUser) -> bool:
    """Whether the account has an app. One statement."""
    return bool(TOTPDevice.objects.filter(user=account, confirmed=True).exists())


def new_app(account: AbstractBaseUser, key: str | None = None) -> Any:
    """An app that is not enrolled yet; its `config_url` is what the QR code says. Nothing is stored."""
    return TOTPDevice(user=account, name=APP, key=key or default_key())


def enrol(*, account: AbstractBaseUser, key: str, code: str) -> tuple[Any, list[str]]:
    """Take the app that shows this code. Returns the device and the backup codes, which cannot be read again.

    Raises WrongCode, AlreadyEnrolled: of two who enrol at once, one is too late and learns nothing of the other's key.
    """
    with transaction.atomic(using=_alias()):
        get_user_model()._default_manager.select_for_update().get(pk=account.pk)
        if is_enrolled(account):
            raise AlreadyEnrolled
        device = new_app(account, key)
        if not device.verify_token(_typed(code)):
            raise WrongCode  # and what was stored of it is rolled back
        return device, new_backup_codes(account=account)


def verify(*, account: AbstractBaseUser, code: str) -> Any:
    """The device whose code this is; a code works once. Raises WrongCode, MustWait."""
    code = _typed(code)
    devices = TOTPDevice if code.isdecimal() else StaticDevice
    with transaction.atomic(using=_alias()):
        device = devices.objects.select_for_update().filter(user=account, confirmed=True).first()
        if device is None:
            raise WrongCode
        allowed, reason = device.verify_is_allowed()
        if not allowed:
            raise MustWait((reason["locked_until"] - timezone.now()).total_seconds())
        good = device.verify_token(code)
    if not good:  # raised here, as the transaction counts it
        raise WrongCode
    return device


def new_backup_codes(*, account: AbstractBaseUser) -> list[str]:
    """Give the account other backup codes; the old ones stop at once. Returns the codes, which are shown once."""
    with transaction.atomic(using=_alias()):
        StaticDevice.objects.filter(user=account).delete()
        device = StaticDevice.objects.create(user=account, name=BACKUP_CODES)
        codes = [StaticToken.random_token() for _ in range(NUMBER_OF_BACKUP_CODES)]
        StaticToken.objects.bulk_create(StaticToken(device=device, token=code) for code in codes)
    return codes


def backup_codes_left(account: AbstractBaseUser) -> int:
    """How many backup codes were not used. One statement."""
    return int(StaticToken.objects.filter(device__user=account).count())


def reset(*, account: AbstractBaseUser) -> None:
    """Take app and backup codes away: what they verified is not verified any more, and the next sign-in enrols."""
    with transaction.atomic(using=_alias()):
        TOTPDevice.objects.filter(user=account).delete()
        StaticDevice.objects.filter(user=account).delete()


def _typed(code: str) -> str:
    """A code as somebody types it: apps show it in groups, and backup codes are written down."""
    return code.replace(" ", "").replace("-", "").lower()


def _alias() -> str:
    return router.db_for_write(TOTPDevice)
