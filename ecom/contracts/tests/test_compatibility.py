"""Within a major version every release reads every other's data, in both directions."""

import copy
from itertools import combinations

import pytest

from ecom.contracts.compatibility import incompatibilities
from ecom.contracts.released import released_schemas, schema_document


def _pairs_of_one_major():
    for one, other in combinations(sorted(released_schemas()), 2):
        if one[0] == other[0] and one[1].split(".")[0] == other[1].split(".")[0]:
            yield one, other


def test_all_released_versions_of_a_major_are_compatible_with_each_other():
    for one, other in _pairs_of_one_major():
        assert incompatibilities(schema_document(*one), schema_document(*other)) == [], (one, other)


@pytest.fixture
def changed():
    return copy.deepcopy(schema_document("raw-event", "1.0"))


def test_a_new_optional_field_and_new_words_for_people_are_compatible(changed):
    changed["properties"]["referrer"] = {"type": "string"}
    changed["description"] = "Better said."
    changed["properties"]["user_id"]["description"] = "Better said."
    assert incompatibilities(schema_document("raw-event", "1.0"), changed) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda schema: schema["required"].append("event_id"), "event_id is required"),
        (lambda schema: schema["required"].remove("user_id"), "user_id is required"),
        (lambda schema: schema["properties"]["user_id"].update(maxLength=65), "user_id takes other values"),
        (lambda schema: schema["properties"]["event_type"].update(enum=["PURCHASE"]), "event_type takes other values"),
        (lambda schema: schema.update(additionalProperties=False), "must stay open"),
        (lambda schema: schema.update(minProperties=9), "other rules"),
    ],
)
def test_a_change_that_would_stop_a_reader_is_named(changed, change, said):
    change(changed)
    assert any(said in problem for problem in incompatibilities(schema_document("raw-event", "1.0"), changed))
    assert any(said in problem for problem in incompatibilities(changed, schema_document("raw-event", "1.0")))
