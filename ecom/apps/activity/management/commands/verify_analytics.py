"""`manage.py verify_analytics FILE`: recounts a recording and compares every window with what the platform serves."""

import time
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ecom.apps.activity.clients.gateway import GatewayClient, GatewayError
from ecom.apps.activity.recordings.comparing import Comparison
from ecom.apps.activity.recordings.layouts import add_arguments, chosen_layout
from ecom.apps.activity.recordings.progress import progress
from ecom.apps.activity.recordings.reading import Recording
from ecom.apps.activity.recordings.recounting import Recount, recount
from ecom.apps.activity.recordings.verifying import CONCURRENCY, STORES, Verification


class Command(BaseCommand):
    help = (
        "Recount FILE in plain Python and compare the shoppers of every product and minute with what the gateway "
        "serves. Prints totals and the first differences; the exit code is 1 if there are any."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_arguments(parser)
        parser.add_argument(
            "--wait", type=float, default=0, metavar="SECONDS", help="how long the job may need to catch up"
        )
        parser.add_argument("--tables", action="store_true", help="compare the DynamoDB table and the Kafka topic too")
        parser.add_argument("--json", action="store_true", help="print the totals as one JSON object")
        parser.add_argument("--gateway", default=settings.GATEWAY_URL, metavar="URL", help="default: %(default)s")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"there is no file {path}")
        expected = self._recount(path, options)
        if not expected.products:
            raise CommandError(f"{path} holds no event; does --format say how it is written?")
        verification = Verification(
            recount=expected,
            gateway=GatewayClient(options["gateway"], connections=CONCURRENCY),
            deadline=time.monotonic() + options["wait"],
        )
        try:
            comparisons = list(self._comparisons(verification, tables=options["tables"]))
        except GatewayError as error:
            raise CommandError(f"the gateway does not answer: {error}") from error
        self._print(expected, comparisons, as_json=options["json"])
        if any(comparison.differing for comparison in comparisons):
            raise SystemExit(1)

    def _recount(self, path: Path, options: dict[str, Any]) -> Recount:
        with Recording(path, chosen_layout(options)) as recording, progress() as bar:
            task = bar.add_task(f"recounting {path.name}", total=recording.size, note="")

            def watched() -> Iterator[Any]:
                for event in recording.events():
                    if event.row % 5000 == 0:
                        bar.update(task, completed=recording.position)
                    yield event

            result = recount(watched())
            bar.update(task, completed=recording.size)
        result.left_out += len(recording.unreadable)
        return result

    def _comparisons(self, verification: Verification, *, tables: bool) -> Iterator[Comparison]:
        with progress() as bar:
            task = bar.add_task("waiting for the last minute", total=None, note="")
            verification.wait_for_last_minute()
            products = len(verification.recount.products)
            bar.update(task, description="asking the gateway", total=products, completed=0)
            yield verification.at_the_gateway(lambda number: bar.advance(task, number))
            for place in STORES if tables else ():
                task = bar.add_task(f"reading the {place}", total=1, note="")
                yield verification.in_store(place)
                bar.update(task, completed=1)

    def _print(self, expected: Recount, comparisons: list[Comparison], *, as_json: bool) -> None:
        differences = [difference for comparison in comparisons for difference in comparison.first_differences]
        totals = {
            "events": expected.events,
            "left_out": expected.left_out,
            "products": len(expected.products),
            "windows": expected.windows,
        }
        if as_json:
            compared = [comparison.as_dict() for comparison in comparisons]
            self.stdout.write(orjson.dumps({**totals, "compared": compared, "differences": differences}).decode())
            return
        self.stdout.write(
            f"recounted {expected.events:,} events: {expected.windows:,} windows of {len(expected.products):,} products"
            f" ({expected.left_out:,} rows left out)"
        )
        for comparison in comparisons:
            self.stdout.write(
                f"{comparison.place}: {comparison.equal:,} windows equal, {comparison.differing:,} differ"
                f" ({comparison.missing:,} missing, {comparison.extra:,} extra, {comparison.other:,} other counts)"
            )
        for difference in differences:
            self.stdout.write(f"  {difference}")
