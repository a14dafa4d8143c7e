"""The released JSON Schemas: files that never change again. A release is an entry in the list of their digests."""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson

FOLDER = Path(__file__).parent
SCHEMAS = "schemas"
DIGESTS = "golden/released-schemas.json"

Version = tuple[str, str]


@cache
def released_schemas() -> dict[Version, bytes]:
    """Each released schema's bytes by (event, version), such as ("raw-event", "1.0")."""
    return schema_files(FOLDER)


def released_schema(event: str, version: str) -> bytes | None:
    """The JSON Schema of one version as it was released, None where there is none."""
    return released_schemas().get((event, version))


def schema_document(event: str, version: str) -> dict[str, Any]:
    """The same, parsed. Raises KeyError for a version that was not released."""
    document: dict[str, Any] = orjson.loads(released_schemas()[event, version])
    return document


def schema_files(folder: Path) -> dict[Version, bytes]:
    """The bytes of each schema in a folder like this one."""
    found = sorted((folder / SCHEMAS).glob("*/v*.json"))
    return {(path.parent.name, path.stem.removeprefix("v")): path.read_bytes() for path in found}


def digests(folder: Path) -> dict[Version, str]:
    """The digests (SHA-256) of the schemas that were released."""
    listed: dict[str, str] = orjson.loads((folder / DIGESTS).read_bytes())
    return {(event, version): digest for name, digest in listed.items() for event, _, version in [name.partition("/")]}


def write_digests(folder: Path, digests: Mapping[Version, str]) -> None:
    """Replace the list."""
    listed = {"/".join(version): digest for version, digest in sorted(digests.items())}
    (folder / DIGESTS).write_bytes(orjson.dumps(listed, option=orjson.OPT_INDENT_2) + b"\n")


def digest(schema: bytes) -> str:
    """What the list has of a schema."""
    return hashlib.sha256(schema).hexdigest()
