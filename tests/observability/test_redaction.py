"""Secrets and tokens leave no node: the script that Fluent Bit runs, in the Lua that Fluent Bit has."""

from typing import Any

import pytest
from lupa.luajit21 import LuaRuntime

from tests.observability.rules import OBSERVABILITY
from tests.tokens import token

HIDDEN = "[redacted]"


def redacted(record: dict[str, Any]) -> dict[str, Any]:
    """The record as it leaves the node."""
    lua = LuaRuntime()
    lua.execute((OBSERVABILITY / "logs" / "redact.lua").read_text())
    code, timestamp, after = lua.globals().redact("kube.x", 12.5, lua.table_from(record, recursive=True))
    assert (code, timestamp) == (2, 12.5)
    return _as_dict(after)


def _as_dict(table: Any) -> dict[str, Any]:
    return {name: _as_dict(value) if hasattr(value, "items") else value for name, value in table.items()}


def line(text: str) -> str:
    message = redacted({"message": text})["message"]
    assert isinstance(message, str)
    return message


@pytest.mark.parametrize(
    "secret",
    [
        token("U1"),
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nAAAA==\n-----END RSA PRIVATE KEY-----",
        "AKIAIOSFODNN7EXAMPLE",
    ],
    ids=["a token", "a private key", "an AWS key's id"],
)
def test_what_looks_like_a_secret_is_hidden_wherever_it_stands(secret: str) -> None:
    assert line(f"got {secret}, and went on") == f"got {HIDDEN}, and went on"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Authorization: Bearer abc.def-1==", f"Authorization: Bearer {HIDDEN}"),
        ("authorization: basic dXNlcjpwdw==", f"authorization: basic {HIDDEN}"),
        ("postgresql://ecom:s3cret@db:5432/orders is away", f"postgresql://ecom:{HIDDEN}@db:5432/orders is away"),
        ('{"client_secret": "abc", "user": "ada"}', f'{{"client_secret": "{HIDDEN}", "user": "ada"}}'),
        ("POST /auth/email/verify?token=4f3a&next=/", f"POST /auth/email/verify?token={HIDDEN}&next=/"),
        ("X-Cart-Token=g123; path=/", f"X-Cart-Token={HIDDEN}; path=/"),
        (r"{\"refresh_token\": \"r-9\"}", rf"{{\"refresh_token\": \"{HIDDEN}\"}}"),
    ],
)
def test_a_named_secret_loses_its_value_and_keeps_what_is_around_it(text: str, expected: str) -> None:
    assert line(text) == expected


def test_members_of_a_line_are_hidden_by_their_names_at_any_depth() -> None:
    record = {"severity": "INFO", "request": {"headers": {"Cookie": "visitor=1", "Accept": "*/*"}, "password": "x"}}
    headers = {"Cookie": HIDDEN, "Accept": "*/*"}
    assert redacted(record) == {"severity": "INFO", "request": {"headers": headers, "password": HIDDEN}}


def test_what_is_no_secret_stays_as_it_is() -> None:
    record = {
        "severity": "WARNING",
        "message": "request slow: 3 tokens of 5, route products/<product_id>",
        "seconds": 1.25,
        "status": 503,
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "kubernetes": {"pod_name": "gateway-1", "labels": {"token-user": "yes"}},
    }
    assert redacted(record) == record
