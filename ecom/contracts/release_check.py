"""Whether the schemas may be released as they lie in their folder, and what stands against it."""

from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import orjson

from ecom.contracts.compatibility import Schema, incompatibilities
from ecom.contracts.released import DIGESTS, Version, digest, digests, schema_files, write_digests

Schemas = Mapping[Version, Schema]


def faults(folder: Path) -> list[str]:
    """What is wrong with the schemas, each named; [] where a new one may be released.

    A released file that was altered or is gone; a file that is no schema or names another address than its own; and
    whatever keeps two versions of a major from reading each other's data.
    """
    files = schema_files(folder)
    return [*_broken_promises(files, digests(folder)), *_malformed(files), *_incompatible(_documents(files))]


def unreleased(folder: Path) -> list[Version]:
    """The versions that lie there and have not been released."""
    return sorted(schema_files(folder).keys() - digests(folder).keys())


def release(folder: Path) -> None:
    """Add the digests of the unreleased versions to the list, which has no faults."""
    new = {version: digest(schema_files(folder)[version]) for version in unreleased(folder)}
    write_digests(folder, digests(folder) | new)


def _broken_promises(files: Mapping[Version, bytes], listed: Mapping[Version, str]) -> Iterator[str]:
    for version, promised in listed.items():
        if version not in files:
            yield f"{_name(version)} was released, and its file is gone"
        elif digest(files[version]) != promised:
            yield f"{_name(version)} was altered after its release: its digest is not the one in {DIGESTS}"


def _malformed(files: Mapping[Version, bytes]) -> Iterator[str]:
    for version, content in files.items():
        document = _document(content)
        if document is None:
            yield f"{_name(version)} is not a JSON object with properties and required"
        elif document.get("$id") != f"/contracts/{'/'.join(version)}":
            yield f"{_name(version)} has the $id {document.get('$id')}, which is not its address"


def _incompatible(schemas: Schemas) -> Iterator[str]:
    """Each version is held against all others of its major, not only against the one before it."""
    for (one, first), (other, second) in combinations(schemas.items(), 2):
        if _major(one) == _major(other):
            for problem in incompatibilities(first, second):
                yield f"{_name(one)} and {_name(other)} cannot read each other's data: {problem}"


def _documents(files: Mapping[Version, bytes]) -> Schemas:
    parsed = {version: _document(content) for version, content in files.items()}
    return {version: document for version, document in parsed.items() if document is not None}


def _document(content: bytes) -> Schema | None:
    try:
        document: Any = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    return document if isinstance(document, dict) and {"properties", "required"} <= document.keys() else None


def _major(version: Version) -> Version:
    return version[0], version[1].partition(".")[0]


def _name(version: Version) -> str:
    return " ".join(version)
