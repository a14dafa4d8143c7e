"""What the function is told by its environment; where a value is missing, every call fails by its name."""

import os
from collections.abc import Mapping
from dataclasses import dataclass


class Misconfigured(Exception):
    """A variable is missing or malformed; the text names it."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """`secret_id` names the secret with `client_id` and `client_secret`; `queue_url` is where a long file goes on.

    `currency` is that of prices where neither file nor mapping says one; `in_flight` bounds the calls at once.
    """

    gateway_url: str
    secret_id: str
    reports_bucket: str
    queue_url: str
    currency: str
    in_flight: int

    @classmethod
    def of_environment(cls, environ: Mapping[str, str] = os.environ) -> "Configuration":
        """Raises Misconfigured."""
        return cls(
            gateway_url=_needed(environ, "ECOM_GATEWAY_URL").rstrip("/"),
            secret_id=_needed(environ, "ECOM_IMPORT_SECRET"),
            reports_bucket=_needed(environ, "ECOM_REPORTS_BUCKET"),
            queue_url=_needed(environ, "ECOM_IMPORT_QUEUE_URL"),
            currency=environ.get("ECOM_IMPORT_CURRENCY") or "EUR",
            in_flight=_number(environ, "ECOM_IMPORT_IN_FLIGHT", default=4),
        )


def _needed(environ: Mapping[str, str], name: str) -> str:
    if not (value := environ.get(name, "")):
        raise Misconfigured(f"{name} is not set")
    return value


def _number(environ: Mapping[str, str], name: str, *, default: int) -> int:
    value = environ.get(name) or str(default)
    if not value.isdecimal() or not 1 <= int(value) <= 32:
        raise Misconfigured(f"{name} is {value!r}; it must be a number from 1 to 32")
    return int(value)
