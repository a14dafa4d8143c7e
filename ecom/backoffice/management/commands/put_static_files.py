"""`manage.py put_static_files`: for deployments; copies the image's static files into the bucket that pages link to."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.files import File
from django.core.management.base import BaseCommand, CommandError

from ecom.backoffice.static_files import BucketStorage

AT_ONCE = 8


class Command(BaseCommand):
    """Names carry hashes: what is there is right, what another version needs stays, and twice does no harm."""

    help = "Copy the collected static files, under their hashed names, into the bucket of ECOM_STATIC_FILES."

    def handle(self, *args: Any, **options: Any) -> None:
        if not isinstance(staticfiles_storage, BucketStorage):
            raise CommandError("ECOM_STATIC_FILES names no bucket")
        wanted = set(staticfiles_storage.hashed_files.values())
        if not wanted:
            raise CommandError(f"nothing has been collected in {settings.STATIC_ROOT}")
        absent = sorted(wanted - {each.key for each in staticfiles_storage.bucket.objects.all()})
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self._put, absent))
        self.stdout.write(f"{len(absent)} new files, {len(wanted) - len(absent)} were there")

    def _put(self, name: str) -> None:
        with (settings.STATIC_ROOT / name).open("rb") as file:
            staticfiles_storage.save(name, File(file))
