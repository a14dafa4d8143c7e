"""What the services refuse, as answers."""

import math
from collections.abc import Callable
from typing import Any

from rest_framework.exceptions import ErrorDetail, NotFound, ValidationError

from ecom.apps.customers.selectors import UnknownAddress, UnknownCustomer
from ecom.apps.customers.services.closing import StaffAccount
from ecom.apps.customers.services.letters import InvalidSecret
from ecom.apps.customers.services.profiles import TooManyAddresses
from ecom.apps.customers.services.service_accounts import NotGranted
from ecom.apps.customers.services.sessions import InvalidCredentials, InvalidRefreshToken, SecondFactorNeeded
from ecom.apps.customers.throttling import TooManyAttempts
from ecom.backoffice.second_factor import MustWait, WrongCode
from ecom.common.problems import Refusal


def _plain(status: int, slug: str, detail: str) -> Callable[[Any], Exception]:
    return lambda error: Refusal(status, slug, detail)


def _too_many_attempts(error: TooManyAttempts | MustWait) -> Exception:
    return Refusal(429, "too-many-attempts", "Too many attempts. Try again later.", wait=math.ceil(error.seconds))


def _invalid(member: str, detail: str) -> Exception:
    return ValidationError({member: [ErrorDetail(detail, code="invalid")]})


_ANSWERS: dict[type[Exception], Callable[[Any], Exception]] = {
    InvalidCredentials: _plain(401, "invalid-credentials", "The credentials are not right."),
    SecondFactorNeeded: _plain(
        401,
        "second-factor-needed",
        "Staff sign in with a code too (`otp`). Whoever has no app yet enrols one in the backoffice.",
    ),
    WrongCode: _plain(401, "wrong-code", "The code of the second factor is not right, or was used before."),
    MustWait: _too_many_attempts,
    InvalidRefreshToken: _plain(401, "invalid-refresh-token", "The refresh token is not good any more. Sign in again."),
    UnknownCustomer: _plain(401, "account-closed", "The account of this token is closed."),
    TooManyAttempts: _too_many_attempts,
    UnknownAddress: lambda error: NotFound("You have no such address."),
    TooManyAddresses: _plain(409, "too-many-addresses", "You have as many addresses as one may have."),
    StaffAccount: _plain(409, "staff-account", "An account of staff is not erased. Ask an administrator."),
    InvalidSecret: lambda error: _invalid("token", "The token is unknown, used or too old. Ask for another mail."),
    NotGranted: lambda error: _invalid(error.what, str(error)),
}


def refusal(error: Exception) -> Exception:
    """The answer to what a service raised; an exception that is no refusal comes back as it is."""
    answer = _ANSWERS.get(type(error))
    return answer(error) if answer else error
