"""The released JSON Schemas: files that never change again, read once."""

from functools import cache
from pathlib import Path
from typing import Any

import orjson

SCHEMAS = Path(__file__).with_name("schemas")


@cache
def released_schemas() -> dict[tuple[str, str], bytes]:
    """Each released schema's bytes by (event, version), such as ("raw-event", "1.0")."""
    return {(path.parent.name, path.stem.removeprefix("v")): path.read_bytes() for path in SCHEMAS.glob("*/v*.json")}


def released_schema(event: str, version: str) -> bytes | None:
    """The JSON Schema of one version as it was released, None where there is none."""
    return released_schemas().get((event, version))


def schema_document(event: str, version: str) -> dict[str, Any]:
    """The same, parsed. Raises KeyError for a version that was not released."""
    document: dict[str, Any] = orjson.loads(released_schemas()[event, version])
    return document
