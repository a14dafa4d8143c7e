import pytest
from rest_framework.exceptions import ValidationError

from ecom.common.pagination import Cursor, decode_cursor
from ecom.common.visitor import new_visitor_cookie, visitor_id


def test_a_signed_visitor_is_recognised() -> None:
    cookie = new_visitor_cookie()
    identity = visitor_id(cookie)
    assert identity is not None
    assert cookie.startswith(identity)
    assert len(identity) == 33


@pytest.mark.parametrize("change", [lambda c: "W" + c[1:], lambda c: c[:-1], lambda c: "", lambda c: "V1.x"])
def test_a_visitor_that_we_did_not_sign_is_not(change) -> None:
    assert visitor_id(change(new_visitor_cookie())) is None


def test_a_cursor_comes_back_as_it_was() -> None:
    cursor = Cursor(sort="price", values=(1999, "P-ü"), backwards=True)
    assert decode_cursor(cursor.encode()) == cursor


@pytest.mark.parametrize("text", ["", "x", "é", "WyJhIl0", "bm90IGpzb24", "A" * 5000, "\x00"])
def test_an_invented_cursor_is_a_400(text: str) -> None:
    with pytest.raises(ValidationError):
        decode_cursor(text)
