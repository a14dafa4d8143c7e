"""The struct that we code with and the JSON Schema that others read take the same documents, no more and no fewer."""

import copy
import functools
import json
import operator

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecom.contracts import field_types
from ecom.contracts.customer_erased import CUSTOMER_ERASED, CustomerErased
from ecom.contracts.order_event import ORDER_EVENT, OrderEvent
from ecom.contracts.product_analytics import PRODUCT_ANALYTICS, ProductAnalytics
from ecom.contracts.published import outbox_body
from ecom.contracts.raw_event import RAW_EVENT, RawEvent
from ecom.contracts.released import released_schema, released_schemas, schema_document

PAIRS = [
    (RAW_EVENT, RawEvent),
    (PRODUCT_ANALYTICS, ProductAnalytics),
    (ORDER_EVENT, OrderEvent),
    (CUSTOMER_ERASED, CustomerErased),
]
NAMES = [contract.event for contract, _ in PAIRS]
VALUES = [
    *[
        "",
        "x",
        "x" * 64,
        "x" * 65,
        "😀" * 64,
        "😀" * 65,
        "A",
        "A" * 32,
        "A" * 33,
        "A" * 40,
        "A" * 41,
        "A\n",
        "EUR",
        "EUR\n",
    ],
    *["x" * 500, "x" * 501, "1.0", "1.0\n", "2.0"],
    *["2025-11-23T12:40:00Z", "2025-11-23T12:40:09.123456789Z", "2025-11-23T12:40:00Z\n", "2025-11-23"],
    *["2025-02-30T00:00:00Z", "2025-11-23T12:40:00.1234567890Z", "2025-11-23T12:40:00+01:00"],
    *[0, 1, -1, 2**53 - 1, 2**53, 1.5, True, None, [], {}],
]

identifiers = st.one_of(st.text(max_size=3), st.text(min_size=62, max_size=66))
timestamps = st.one_of(
    st.from_regex(field_types.TIMESTAMP_PATTERN),
    st.from_regex(field_types.MINUTE_PATTERN),
    st.sampled_from(
        [
            "2025-11-23T12:40:09Z",
            "2025-11-23T12:40:09+00:00",
            "2025-11-23 12:40:09Z",
            "2025-11-23T12:40:60Z",
            "2025-11-23T12:40:00Z\n",
            "2025-13-01T00:00:00Z",
            "2025-11-23T24:00:00Z",
            "٢٠٢٥-11-23T12:40:09Z",
            "2025-11-23",
        ]
    ),
)
names = st.one_of(st.from_regex(field_types.EVENT_TYPE_PATTERN), st.sampled_from(["view", "A\n", "1A", "A" * 41, "Ä"]))
counts = st.one_of(st.integers(-2, 2), st.integers(2**53 - 2, 2**53 + 1), st.just(1.5), st.booleans())
versions = st.sampled_from(["1.0", "1.12", "2.0", "1", "1.01", "1.0\n"])
anything = st.one_of(identifiers, timestamps, names, counts, versions, st.none(), st.just([]), st.just({}))


def _documents(properties):
    """Documents in which each field is absent, plausible or of any kind, and fields may be there that nobody knows."""
    plausible = st.one_of(identifiers, timestamps, names, counts)
    fields = {name: st.one_of(plausible, anything) for name in properties}
    return st.fixed_dictionaries({}, optional={**fields, "unknown": anything})


def _struct_takes(struct, document):
    try:
        msgspec.json.decode(json.dumps(document), type=struct)
    except msgspec.ValidationError:
        return False
    return True


@pytest.mark.parametrize(("contract", "struct"), PAIRS, ids=NAMES)
@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_struct_and_schema_agree_on_any_document(contract, struct, data):
    schema = schema_document(contract.event, contract.version)
    document = {**schema["examples"][0], **data.draw(_documents(schema["properties"]))}
    for name in data.draw(st.sets(st.sampled_from(schema["required"]), max_size=1)):
        document.pop(name)
    schema_takes = jsonschema.Draft7Validator(schema).is_valid(document)
    assert _struct_takes(struct, document) is schema_takes


@pytest.mark.parametrize(("contract", "struct"), PAIRS, ids=NAMES)
def test_each_field_is_held_to_the_same_limits_by_both(contract, struct):
    """Every field with every kind of value, one at a time: what random documents may not reach."""
    schema = schema_document(contract.event, contract.version)
    validator, example = jsonschema.Draft7Validator(schema), schema["examples"][0]
    for name in schema["properties"]:
        for value in VALUES:
            document = {**example, name: value}
            assert _struct_takes(struct, document) is validator.is_valid(document), (name, value)


ORDER = schema_document("order-event", "1.0")
INNER = [
    *[("total", name) for name in ("amount", "currency", "unknown")],
    *[("lines", 0, name) for name in ("product_id", "quantity", "price", "unknown")],
    *[("lines", 0, "price", name) for name in ("amount", "currency", "unknown")],
]


@pytest.mark.parametrize("path", INNER)
def test_each_inner_field_of_an_order_is_held_to_the_same_limits_by_both(path):
    validator, absent = jsonschema.Draft7Validator(ORDER), object()
    for value in [*VALUES, absent]:
        document = copy.deepcopy(ORDER["examples"][0])
        inner = functools.reduce(operator.getitem, path[:-1], document)
        inner[path[-1]] = value
        if value is absent:
            del inner[path[-1]]
        assert _struct_takes(OrderEvent, document) is validator.is_valid(document), value


@pytest.mark.parametrize("number", [0, 1, 1000, 1001])
def test_an_order_has_as_many_lines_for_both(number):
    document = {**ORDER["examples"][0], "lines": ORDER["examples"][0]["lines"] * number}
    assert _struct_takes(OrderEvent, document) is jsonschema.Draft7Validator(ORDER).is_valid(document)
    assert _struct_takes(OrderEvent, document) is (1 <= number <= 1000)


@pytest.mark.parametrize(("contract", "struct"), PAIRS, ids=NAMES)
def test_struct_and_schema_name_the_same_fields_and_require_the_same_ones(contract, struct):
    schema = schema_document(contract.event, contract.version)
    assert set(schema["properties"]) == set(struct.__struct_fields__)
    assert set(schema["required"]) == {field.name for field in msgspec.structs.fields(struct) if field.required}


@pytest.mark.parametrize(("event", "version"), released_schemas())
def test_a_released_schema_is_draft_7_names_its_own_address_and_its_examples_are_valid(event, version):
    schema = schema_document(event, version)
    jsonschema.Draft7Validator.check_schema(schema)
    assert schema["$id"] == f"/contracts/{event}/{version}"
    for example in schema["examples"]:
        jsonschema.validate(example, schema, cls=jsonschema.Draft7Validator)


@pytest.mark.parametrize(("event", "version"), [("raw-event", "9.9"), ("../raw-event", "1.0"), ("", "")])
def test_what_was_not_released_is_not_served(event, version):
    assert released_schema(event, version) is None


def test_what_breaks_its_contract_is_not_put_into_an_outbox():
    erased = CustomerErased(customer_id="U109", erased_at="2025-11-23T12:40:09Z")
    assert outbox_body(erased) == {"customer_id": "U109", "erased_at": "2025-11-23T12:40:09Z"}
    for wrong in ({"customer_id": ""}, {"erased_at": "yesterday"}):
        with pytest.raises(msgspec.ValidationError):
            outbox_body(msgspec.structs.replace(erased, **wrong))
