"""The bytes on the wire are pinned: a change of them is a change of the contract."""

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest

from ecom.contracts.released import released_schemas, schema_document
from ecom.contracts.tests.examples import golden_records

GOLDEN = Path(__file__).parents[1] / "golden"
STRUCTS = {contract.event: type(event) for contract, _, event, _ in golden_records().values()}


@pytest.mark.parametrize("name", golden_records())
def test_the_bytes_of_a_record_are_those_of_its_golden_file(name):
    _, key, event, headers = golden_records()[name]
    golden = json.loads((GOLDEN / f"{name}.json").read_text())
    assert golden == {
        "key": key,
        "value": msgspec.json.encode(event).decode(),
        "headers": [[header, value.decode()] for header, value in headers],
    }


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*-v*.json")), ids=lambda path: path.stem)
def test_a_golden_value_of_any_version_is_read_today_and_is_valid_in_every_version_of_its_major(path):
    """What producers of older versions wrote lies in the topics for days, and what newer ones write comes first."""
    event, _, version = path.stem.rpartition("-v")
    value = json.loads(path.read_text())["value"]
    read = msgspec.json.decode(value, type=STRUCTS[event])
    assert msgspec.json.encode(read).decode() == value
    schemas = [schema_document(*at) for at in released_schemas() if at[0] == event and at[1][0] == version[0]]
    for schema in schemas:
        jsonschema.validate(json.loads(value), schema, cls=jsonschema.Draft7Validator)


def test_each_released_version_has_a_golden_record():
    assert {path.stem for path in GOLDEN.glob("*-v*.json")} == {"-v".join(version) for version in released_schemas()}
