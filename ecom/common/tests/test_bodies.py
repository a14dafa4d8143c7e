from typing import Annotated

import pytest
from msgspec import Meta, Struct

from ecom.common.bodies import converted
from ecom.common.problems import Refusal


class Line(Struct, forbid_unknown_fields=True):
    quantity: Annotated[int, Meta(ge=1)]


class Order(Struct, forbid_unknown_fields=True):
    lines: Annotated[list[Line], Meta(min_length=1)]


def test_a_body_is_converted_with_all_in_it() -> None:
    assert converted({"lines": [{"quantity": 2}]}, Order) == Order([Line(2)])


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ([], ""),
        ({}, ""),
        ({"lines": []}, "/lines"),
        ({"lines": [{"quantity": 1}, 2]}, "/lines/1"),
        ({"lines": [{"quantity": 1}, {"quantity": 0}]}, "/lines/1/quantity"),
        ({"lines": [{"quantity": True}]}, "/lines/0/quantity"),
        ({"lines": [{"quantity": 1}], "gift": True}, ""),
    ],
)
def test_the_first_fault_is_pointed_at(body, pointer) -> None:
    with pytest.raises(Refusal) as refused:
        converted(body, Order)
    assert refused.value.status_code == 400
    assert [error.pointer for error in refused.value.errors] == [pointer]
