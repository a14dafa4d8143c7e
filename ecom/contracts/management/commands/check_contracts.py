"""`manage.py check_contracts`: whether the events' schemas keep what was promised; part of `make lint`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ecom.contracts import release_check
from ecom.contracts.released import FOLDER, schema_files


class Command(BaseCommand):
    """Exit code 1, and each fault by name, where a released schema was changed or a version breaks its major."""

    help = "Hold each event's schemas against what was released, and against all versions of their major."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--release", action="store_true", help="release the new schemas, where nothing is wrong")

    def handle(self, *args: Any, release: bool, **options: Any) -> None:
        if faults := release_check.faults(FOLDER):
            raise CommandError("\n".join(faults))
        new = ", ".join(map(" ".join, release_check.unreleased(FOLDER)))
        if new and not release:
            raise CommandError(f"{new} is not released: do so with `check_contracts --release`")
        if new:
            release_check.release(FOLDER)
            self.stdout.write(f"released: {new}")
        self.stdout.write(f"{len(schema_files(FOLDER))} schemas are as released, and compatible within their majors")
