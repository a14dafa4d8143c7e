"""The recount in plain Python takes and refuses what the job does."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from streaming.options import Options
from streaming.recount import Record, Recount, milliseconds

GOLDEN = [json.loads(line) for line in Path(__file__).with_name("golden.jsonl").read_text().splitlines()]
GOLDEN_TIME = milliseconds("2025-11-23T12:40:30Z")


@pytest.mark.parametrize("case", GOLDEN, ids=[case["name"] for case in GOLDEN])
def test_each_golden_record_has_the_outcome_fixed_for_it(case: dict[str, Any]) -> None:
    headers = {name: value.encode() for name, value in case.get("headers", {}).items()}
    record = Record(0, 0, GOLDEN_TIME, _body(case), headers)
    assert Recount(Options(), GOLDEN_TIME - 60_000, GOLDEN_TIME + 60_000).add(record) == case["outcome"]


def _body(case: dict[str, Any]) -> bytes | None:
    if "body" in case:
        return str(case["body"]).encode()
    return None if case["base64"] is None else base64.b64decode(case["base64"])
