"""`manage.py ensure_databases`: for deployments; makes the databases of all DSNs on a new server, with their owners."""

from contextlib import closing
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ecom.backoffice.databases import connect, ensure_database


class Command(BaseCommand):
    """Twice does no harm: an owner's password becomes that of its DSN."""

    help = "Make the contexts' databases and their owners, or bring the owners' passwords up to date."

    def handle(self, *args: Any, **options: Any) -> None:
        user, password = settings.POSTGRES_ADMIN_USER, settings.POSTGRES_ADMIN_PASSWORD
        if not password:
            raise CommandError("ECOM_POSTGRES_ADMIN_PASSWORD is not set")
        for database in filter(None, settings.DATABASES.values()):
            with closing(connect(database, user=user, password=password)) as admin:
                name, owner = str(database["NAME"]), str(database["USER"])
                new = ensure_database(admin, name=name, owner=owner, password=str(database["PASSWORD"]))
            self.stdout.write(f"{name}: {'new' if new else 'there'}, owned by {owner}")
