"""Within a major version every release reads every other's data, in both directions."""

import copy

import pytest

from ecom.contracts.compatibility import incompatibilities
from ecom.contracts.released import schema_document

RAW, ORDER = schema_document("raw-event", "1.0"), schema_document("order-event", "1.0")


def _changed(schema, change):
    changed = copy.deepcopy(schema)
    change(changed)
    return changed


def _line(schema):
    return schema["properties"]["lines"]["items"]


@pytest.mark.parametrize(
    ("schema", "change"),
    [
        (RAW, lambda schema: schema["properties"].update(referrer={"type": "string"})),
        (RAW, lambda schema: schema.update(description="Better said.", examples=[])),
        (RAW, lambda schema: schema["properties"]["user_id"].update(description="Better said.")),
        (RAW, lambda schema: schema["properties"].pop("sent_at")),
        (ORDER, lambda schema: _line(schema)["properties"].update(tax={"type": "integer"})),
    ],
)
def test_optional_fields_come_and_go_at_any_depth_and_words_for_people_change(schema, change):
    assert incompatibilities(schema, _changed(schema, change)) == []


@pytest.mark.parametrize(
    ("schema", "change", "said"),
    [
        (RAW, lambda schema: schema["required"].append("event_id"), "event_id is required"),
        (RAW, lambda schema: schema["required"].remove("user_id"), "user_id is required"),
        (RAW, lambda schema: schema["properties"]["user_id"].update(maxLength=65), "user_id takes other values"),
        (RAW, lambda schema: schema["properties"]["event_type"].update(enum=["PURCHASE"]), "event_type takes other"),
        (RAW, lambda schema: schema.update(additionalProperties=False), "additionalProperties must stay open"),
        (RAW, lambda schema: schema.update(minProperties=9), "the event has other rules"),
        (ORDER, lambda schema: _line(schema)["required"].append("tax"), "lines[].tax is required"),
        (ORDER, lambda schema: schema["properties"]["lines"].update(maxItems=9), "lines has other rules"),
        (
            ORDER,
            lambda schema: _line(schema)["properties"]["price"]["properties"]["amount"].update(minimum=1),
            "lines[].price.amount takes other values",
        ),
        (ORDER, lambda schema: _line(schema).update(additionalProperties=False), "lines[].additionalProperties must"),
    ],
)
def test_a_change_that_would_stop_a_reader_is_named_from_both_sides(schema, change, said):
    changed = _changed(schema, change)
    for problems in (incompatibilities(schema, changed), incompatibilities(changed, schema)):
        assert [problem for problem in problems if problem.startswith(said)] == problems != []
