"""What names an event on Kafka: its contract, and the CloudEvents 1.0 headers of the binary mode."""

from dataclasses import dataclass
from functools import cached_property

Header = tuple[str, bytes]


@dataclass(frozen=True)
class Contract:
    """One version of an event. `source` is the path that CloudEvents calls the context in which it happened."""

    event: str
    version: str
    source: str

    @property
    def ce_type(self) -> str:
        """The type that readers subscribe to; it changes with the major version only."""
        return f"ecom.{self.event}.v{self.version.partition('.')[0]}"

    @property
    def dataschema(self) -> str:
        """Where the gateway serves the JSON Schema."""
        return f"/contracts/{self.event}/{self.version}"

    @cached_property
    def constant_headers(self) -> tuple[Header, ...]:
        """The headers that are the same for each event of this version."""
        return (
            ("ce_specversion", b"1.0"),
            ("ce_source", self.source.encode()),
            ("ce_type", self.ce_type.encode()),
            ("ce_dataschema", self.dataschema.encode()),
        )

    def headers(self, *, event_id: str, time: str) -> list[Header]:
        """The CloudEvents headers of one event: `time` is RFC 3339, when it happened."""
        return [*self.constant_headers, ("ce_id", event_id.encode()), ("ce_time", time.encode())]
