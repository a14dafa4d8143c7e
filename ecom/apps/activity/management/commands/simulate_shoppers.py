"""`manage.py simulate_shoppers`: believable traffic through the gateway's public API."""

import random
import signal
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from ecom.apps.activity.clients.gateway import GatewayClient, Refused, Unavailable
from ecom.apps.activity.management.service_token import add_token_argument, service_token
from ecom.apps.activity.shoppers import Shop
from ecom.apps.activity.simulation import Totals, simulate

REPORT_SECONDS = 10.0
CATALOGUE_SECONDS = 3.0


class Command(BaseCommand):
    help = (
        "Send simulated shoppers to the gateway: products of its catalogue by Zipf's law, sessions that view, add and "
        "buy. Runs until stopped, unless --duration is given, and outlives a gateway or Kafka that is away."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rate", type=_positive, default=20.0, metavar="N", help="events a second (default: 20)")
        parser.add_argument("--seed", type=int, default=None, help="the same seed gives the same sessions")
        parser.add_argument("--duration", type=_positive, metavar="SECONDS", help="how long (default: for ever)")
        parser.add_argument("--shoppers", type=int, default=5000, metavar="N", help="different people (default: 5000)")
        parser.add_argument("--products", type=int, default=1000, metavar="N", help="of the catalogue (default: 1000)")
        parser.add_argument("--gateway", default=settings.GATEWAY_URL, metavar="URL", help="default: %(default)s")
        add_token_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        signal.signal(signal.SIGTERM, lambda signum, frame: sys.exit(0))
        client = GatewayClient(options["gateway"], token=service_token(options), connections=2)
        try:
            shop = Shop(
                self._products(client, options["products"]), options["shoppers"], random.Random(options["seed"])
            )
            self.stderr.write(f"{options['rate']:g} events a second over {len(shop.products):,} products.")
            totals = simulate(
                client=client,
                actions=shop.actions(),
                rate=options["rate"],
                duration=options["duration"],
                on_batch=_Report(),
            )
        except Refused as error:
            raise CommandError(f"the gateway refuses the shoppers: {error}") from error
        except KeyboardInterrupt:
            raise CommandError("stopped", returncode=130) from None
        self.stdout.write(f"{totals.accepted:,} events accepted, {totals.lost:,} lost.")

    def _products(self, client: GatewayClient, limit: int) -> list[str]:
        """The catalogue's products, waited for: the gateway may start later than the shoppers do."""
        said = ""
        while True:
            try:
                if products := client.product_ids(limit=limit):
                    return products
                trouble = "the catalogue is empty"
            except Unavailable as error:
                trouble = str(error)
            if trouble != said:
                self.stderr.write(f"waiting for products: {trouble}")
                said = trouble
            time.sleep(random.uniform(0.5, 1.0) * CATALOGUE_SECONDS)


class _Report:
    """Says every few seconds what was sent, and at once when trouble comes or goes."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._next = time.monotonic() + REPORT_SECONDS
        self._trouble = ""

    def __call__(self, totals: Totals) -> None:
        changed = bool(totals.trouble) != bool(self._trouble)
        if not changed and time.monotonic() < self._next:
            return
        self._next, self._trouble = time.monotonic() + REPORT_SECONDS, totals.trouble
        state = f"; away: {totals.trouble[:200]}" if totals.trouble else ""
        self._console.print(f"{totals.accepted:,} events accepted, {totals.lost:,} lost{state}", highlight=False)


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError
    return value
