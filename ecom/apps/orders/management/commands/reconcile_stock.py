"""`manage.py reconcile_stock [--json] [--repair]`: whether each order has its units, and no units lack an order."""

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError

from ecom.apps.orders.clients.catalog import CatalogAway
from ecom.apps.orders.services.reconciling import Difference, differences, repair


class Command(BaseCommand):
    """Prints what differs for longer than the settle window, and fails if anything does, or cannot be repaired."""

    help = "Compare the catalog's reservations with the orders; fails if they differ."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="One JSON object on one line.")
        parser.add_argument("--repair", action="store_true", help="Release units without an order, confirm the others.")

    def handle(self, *args: Any, json: bool, repair: bool, **options: Any) -> None:
        try:
            found = list(differences())
            left = _repaired(found) if repair else found
        except CatalogAway as error:
            raise CommandError(f"the catalog does not answer: {error}") from error
        self.stdout.write(_as_json(found, left) if json else _as_text(found, left))
        if left:
            raise CommandError(f"{len(left)} differ")


def _repaired(found: list[Difference]) -> list[Difference]:
    return repair(found) if found else []


def _as_json(found: list[Difference], left: list[Difference]) -> str:
    body = {"differences": [asdict(difference) for difference in found], "left": [each.order_id for each in left]}
    return orjson.dumps(body, option=orjson.OPT_UTC_Z).decode()


def _as_text(found: list[Difference], left: list[Difference]) -> str:
    lines = [f"{difference.order_id}: {difference.kind}, since {difference.since:%FT%TZ}" for difference in found]
    return "\n".join([*lines, f"{len(found)} differed, {len(left)} differ"])
