"""Whether two versions of a schema can read each other's data: full compatibility, in both directions.

Producers deploy before readers, and a replay reads old data. So within a major version no field may become required,
lose its place among the required ones, or change what it takes; new fields are optional, and readers pass over fields
that they do not know.
"""

from collections.abc import Iterator
from typing import Any

ANNOTATIONS = ("title", "description", "examples", "$id", "$comment")
Schema = dict[str, Any]


def incompatibilities(one: Schema, other: Schema) -> list[str]:
    """What keeps data of one version from being read with the other, in either direction; [] when nothing does."""
    return list(_incompatibilities(_bare(one), _bare(other)))


def _incompatibilities(one: Schema, other: Schema) -> Iterator[str]:
    for schema in (one, other):
        if schema.get("additionalProperties", True) is not True:
            yield "additionalProperties must stay open: readers pass over fields that they do not know"
    for field in sorted(set(one["required"]) ^ set(other["required"])):
        yield f"{field} is required in one version and not in the other"
    for field in sorted(set(one["properties"]) & set(other["properties"])):
        if one["properties"][field] != other["properties"][field]:
            yield f"{field} takes other values in one version than in the other"
    if _rules(one) != _rules(other):
        yield f"other rules than required and properties differ: {sorted(_rules(one) ^ _rules(other))}"


def _rules(schema: Schema) -> set[str]:
    return {f"{name}: {schema[name]}" for name in schema.keys() - {"required", "properties"}}


def _bare(schema: Any) -> Any:
    """The schema without what is only for people, except for properties that happen to have such a name."""
    if isinstance(schema, list):
        return [_bare(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: {field: _bare(rule) for field, rule in inner.items()} if name == "properties" else _bare(inner)
        for name, inner in schema.items()
        if name not in ANNOTATIONS
    }
