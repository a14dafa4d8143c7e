"""Whether two versions of a schema can read each other's data: full compatibility, in both directions.

Producers deploy before readers, and a replay reads old data. So within a major version no field may become required,
lose its place among the required ones, or change what it takes, at any depth; new fields are optional, and readers pass
over fields that they do not know. Writers write the fields of their version and no others, so that a name which is new
in one version was in nobody's data before (ADR 18).
"""

from collections.abc import Iterator
from typing import Any

ANNOTATIONS = ("title", "description", "examples", "$id", "$comment")
Schema = dict[str, Any]


def incompatibilities(one: Schema, other: Schema) -> list[str]:
    """What keeps data of one version from being read with the other, in either direction; [] when nothing does.

    Fields are named by their path, as in `lines[].price.amount`.
    """
    return list(_incompatibilities(_bare(one), _bare(other), ""))


def _incompatibilities(one: Schema, other: Schema, path: str) -> Iterator[str]:
    if "properties" in one and "properties" in other:
        yield from _of_objects(one, other, path)
    elif "items" in one and "items" in other:
        yield from _other_rules(one, other, path, {"items"})
        yield from _incompatibilities(one["items"], other["items"], f"{path}[]")
    elif one != other:
        yield f"{path} takes other values in one version than in the other"


def _of_objects(one: Schema, other: Schema, path: str) -> Iterator[str]:
    inside = f"{path}." if path else ""
    if any(schema.get("additionalProperties", True) is not True for schema in (one, other)):
        yield f"{inside}additionalProperties must stay open: readers pass over fields that they do not know"
    for field in sorted(set(one["required"]) ^ set(other["required"])):
        yield f"{inside}{field} is required in one version and not in the other"
    for field in sorted(set(one["properties"]) & set(other["properties"])):
        yield from _incompatibilities(one["properties"][field], other["properties"][field], f"{inside}{field}")
    yield from _other_rules(one, other, path, {"required", "properties", "additionalProperties"})


def _other_rules(one: Schema, other: Schema, path: str, compared: set[str]) -> Iterator[str]:
    differing = [name for name in sorted((one.keys() | other.keys()) - compared) if one.get(name) != other.get(name)]
    if differing:
        yield f"{path or 'the event'} has other rules in one version than in the other: {', '.join(differing)}"


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
