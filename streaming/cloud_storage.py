"""Google Cloud Storage by its JSON API, as far as the commands need it.

https://cloud.google.com/storage/docs/json_api/v1/objects: `list`, `get` with alt=media, `delete`, and the media upload
of `insert`, which with ifGenerationMatch=0 creates an object or answers 412.
"""

import urllib.parse
from datetime import datetime

from streaming.google_api import RequestRefused, call, endpoint, pages

PRECONDITION_FAILED, NOT_FOUND = 412, 404


class CloudStorage:
    """One bucket."""

    def __init__(self, bucket: str) -> None:
        self._root = f"{endpoint('storage')}/storage/v1/b/{bucket}/o"
        self._uploads = f"{endpoint('storage')}/upload/storage/v1/b/{bucket}/o"

    def list(self, prefix: str) -> dict[str, float]:
        """The objects whose names begin so, each with the time it was last written."""
        query = {"prefix": prefix, "fields": "items(name,updated),nextPageToken"}
        return {
            each["name"]: datetime.fromisoformat(each["updated"]).timestamp()
            for page in pages(self._root, query)
            for each in page.get("items", ())
        }

    def read(self, name: str) -> bytes:
        """An object's content."""
        return call("GET", f"{self._object(name)}?alt=media")

    def create(self, name: str, content: bytes) -> bool:
        """Write an object unless there is one; return whether it was written."""
        query = urllib.parse.urlencode({"uploadType": "media", "name": name, "ifGenerationMatch": "0"})
        try:
            call("POST", f"{self._uploads}?{query}", content, "application/octet-stream")
        except RequestRefused as refused:
            if refused.status == PRECONDITION_FAILED:
                return False
            raise
        return True

    def remove(self, name: str) -> None:
        """Remove an object; one that is gone already is no error."""
        try:
            call("DELETE", self._object(name))
        except RequestRefused as refused:
            if refused.status != NOT_FOUND:
                raise

    def _object(self, name: str) -> str:
        return f"{self._root}/{urllib.parse.quote(name, safe='')}"
