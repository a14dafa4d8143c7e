"""Control records in `ecom-raw-events`: no key, no value, one on every partition, outside all accounting.

A heartbeat moves the watermark of a quiet shop. The end closes a recording, whose events bring their own clock.
"""

from enum import StrEnum

from ecom.contracts.cloud_event import Header


class Control(StrEnum):
    """What the record is for: the value of its header `control`."""

    HEARTBEAT = "heartbeat"
    END = "end"


def control_headers(control: Control, *, time: str) -> list[Header]:
    """The record's headers; `time` (RFC 3339, UTC) is what the watermark of its partition may move to."""
    return [("control", control.encode()), ("ce_time", time.encode())]
