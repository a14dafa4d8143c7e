"""`manage.py ensure_service_account CLIENT_ID --audience A --scope S`: for deployments, which bring their secrets."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from ecom.apps.customers.services.service_accounts import ensure_service_account


class Command(BaseCommand):
    """Makes a service account or brings it up to date; the secret is the first line of the standard input."""

    help = "Make a service account, or bring it up to date; its secret is read from the standard input."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("client_id")
        parser.add_argument("--audience", action="append", required=True, help="May be given more than once.")
        parser.add_argument("--scope", action="append", default=[], help="May be given more than once.")

    def handle(self, *args: Any, client_id: str, audience: list[str], scope: list[str], **options: Any) -> None:
        secret = sys.stdin.readline().strip()
        try:
            ensure_service_account(client_id=client_id, secret=secret, audiences=audience, scopes=scope)
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        self.stdout.write(f"{client_id} may sign in for {', '.join(audience)}")
