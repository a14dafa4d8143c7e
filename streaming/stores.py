"""Where checkpoints and releases are kept: a directory that cluster and command both see, or a bucket."""

import os
import shutil
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from streaming.cloud_storage import CloudStorage


class Store(Protocol):
    """Files by their names below one place. `uri` is the place as Flink knows it."""

    uri: str

    def find(self, name: str) -> dict[str, float]:
        """The paths of all files of that base name, each with the time it was written."""

    def read(self, path: str) -> str:
        """A file's text."""

    def create(self, path: str, text: str) -> None:
        """Write a file unless there is one; of several who do that at the same time one succeeds."""

    def remove(self, folder: str) -> None:
        """Remove a folder with all that is in it."""


class DirectoryStore:
    """A directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.uri = directory.resolve().as_uri()

    def find(self, name: str) -> dict[str, float]:
        """See Store."""
        found = {path: path.stat().st_mtime_ns for path in self._directory.rglob(name)}
        return {str(path.relative_to(self._directory)): time / 1e9 for path, time in found.items()}

    def read(self, path: str) -> str:
        """See Store."""
        return (self._directory / path).read_text()

    def create(self, path: str, text: str) -> None:
        """See Store."""
        file = self._directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f"{uuid.uuid4()}.draft")
        draft.write_text(text)
        with suppress(FileExistsError):
            os.link(draft, file)
        draft.unlink()

    def remove(self, folder: str) -> None:
        """See Store."""
        shutil.rmtree(self._directory / folder)


class BucketStore:
    """A folder of a bucket of Google Cloud Storage, `gs://bucket/folder`."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        place = urlsplit(uri)
        self._folder = place.path.strip("/") + "/"
        self._storage = CloudStorage(place.netloc)

    def find(self, name: str) -> dict[str, float]:
        """See Store."""
        found = self._storage.list(self._folder)
        return {path.removeprefix(self._folder): time for path, time in found.items() if path.endswith(f"/{name}")}

    def read(self, path: str) -> str:
        """See Store."""
        return self._storage.read(self._folder + path).decode()

    def create(self, path: str, text: str) -> None:
        """See Store."""
        self._storage.create(self._folder + path, text.encode())

    def remove(self, folder: str) -> None:
        """See Store."""
        for path in self._storage.list(f"{self._folder}{folder}/"):
            self._storage.remove(path)


def store_at(place: str) -> Store:
    """The store at a path or a `gs://` address."""
    return BucketStore(place.rstrip("/")) if place.startswith("gs://") else DirectoryStore(Path(place))


def uri_of(place: str) -> str:
    """A path or address as a URI, in one spelling: Flink writes `file:/a`, Python `file:///a`."""
    if not urlsplit(place).scheme:
        return Path(place).resolve().as_uri()
    return place.replace("file:/", "file:///", 1) if place.startswith("file:/") and place[5:8] != "///" else place


def shown(uri: str) -> str:
    """A URI as people write it: a file by its path."""
    return urlsplit(uri).path if uri.startswith("file:") else uri
