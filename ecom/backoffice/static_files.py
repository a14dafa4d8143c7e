"""Static files in a bucket, under names that carry their hashes."""

from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import StaticFilesStorage
from storages.backends.s3 import S3ManifestStaticStorage


class BucketStorage(S3ManifestStaticStorage):  # type: ignore[misc] # django-storages brings no types
    """django-storages' own, but the list of names is the image's: a process never mixes two versions' files.

    The bucket is private, so pages have signed links, which are good for an hour.
    """

    signature_version = "s3v4"
    addressing_style = "virtual"  # by the region's own host, which a signature needs
    querystring_auth = True
    querystring_expire = 3600
    object_parameters = {"CacheControl": "private, max-age=31536000, immutable"}

    def __init__(self, **options: Any) -> None:
        names = StaticFilesStorage(location=settings.STATIC_ROOT)
        super().__init__(manifest_storage=names, **options)
