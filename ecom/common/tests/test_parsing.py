import io

import pytest
from rest_framework.exceptions import ParseError

from ecom.common.parsing import BodyTooLarge, JsonParser


def parse(body: bytes):
    return JsonParser().parse(io.BytesIO(body))


def test_json_is_parsed() -> None:
    assert parse('{"name": "Łódź", "n": [1, 2.5, null]}'.encode()) == {"name": "Łódź", "n": [1, 2.5, None]}


BROKEN = {
    "empty": b"",
    "open": b"{",
    "deep list": b"[" * 100_000,
    "deep object": b'{"a":' * 100_000,
    "UTF-16": b"\xff\xfe",
    "Latin-1": '"\u00e9"'.encode("latin-1"),
    "NaN": b"NaN",
    "surrogate": b'"\\ud800"',
    "Python": b"{'a': 1}",
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse(body)


def test_a_body_beyond_the_limit_is_refused(settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    assert parse(b'"12345678"') == "12345678"
    with pytest.raises(BodyTooLarge):
        parse(b'"123456789"')
