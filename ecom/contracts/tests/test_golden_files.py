"""The bytes on the wire are pinned: a change of them is a change of the contract."""

import hashlib
import json
from pathlib import Path

import msgspec
import pytest

from ecom.contracts.released import released_schemas
from ecom.contracts.tests.examples import golden_records

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.mark.parametrize("name", golden_records())
def test_the_bytes_of_a_record_are_those_of_its_golden_file(name):
    _, key, event, headers = golden_records()[name]
    golden = json.loads((GOLDEN / f"{name}.json").read_text())
    assert golden == {
        "key": key,
        "value": msgspec.json.encode(event).decode(),
        "headers": [[header, value.decode()] for header, value in headers],
    }


@pytest.mark.parametrize("name", golden_records())
def test_a_golden_value_is_read_back_as_the_event_it_was_written_from(name):
    _, _, event, _ = golden_records()[name]
    golden = json.loads((GOLDEN / f"{name}.json").read_text())
    assert msgspec.json.decode(golden["value"], type=type(event)) == event


def test_a_released_schema_never_changes():
    """A new file here is a new release: add its digest. A changed digest is a broken promise."""
    digests = json.loads((GOLDEN / "released-schemas.json").read_text())
    actual = {f"{event}/{version}": _digest(body) for (event, version), body in released_schemas().items()}
    assert actual == digests


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
