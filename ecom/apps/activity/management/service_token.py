"""The service account's token that commands send: from a file, else from the settings."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError


def add_token_argument(parser: ArgumentParser) -> None:
    """The option `--token-file`."""
    parser.add_argument(
        "--token-file",
        type=Path,
        metavar="PATH",
        help="a service account's token with the scope activity:any (default: the variable ECOM_REPLAY_TOKEN)",
    )


def service_token(options: dict[str, Any]) -> str | None:
    """The token, None where there is none: the gateway then takes few different shoppers a minute."""
    path: Path | None = options["token_file"]
    if path is None:
        token: str | None = settings.REPLAY_TOKEN
        return token
    try:
        return path.read_text().strip()
    except OSError as error:
        raise CommandError(f"the token file cannot be read: {error}") from error
