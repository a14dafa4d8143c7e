"""What lies in a topic, read with a consumer of the tests' own."""

import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import orjson
from kafka import KafkaConsumer, TopicPartition

DEADLINE_SECONDS = 15


@dataclass(frozen=True)
class Found:
    """One record: the event, its headers as text, and where it lay."""

    key: str | None
    event: dict[str, Any] | None
    headers: dict[str, str]
    partition: int


class Topic:
    """Reads a topic from where it was last skipped to."""

    def __init__(self, bootstrap_servers: str, name: str) -> None:
        self._consumer = KafkaConsumer(bootstrap_servers=bootstrap_servers, enable_auto_commit=False)
        self.name = name
        self.partitions = [TopicPartition(name, at) for at in sorted(self._consumer.partitions_for_topic(name))]
        self._consumer.assign(self.partitions)

    def skip_to_end(self) -> None:
        """Pass over everything that is in the topic now."""
        self._consumer.seek_to_end(*self.partitions)
        for partition in self.partitions:
            self._consumer.position(partition)

    def skip_to_start(self) -> None:
        """Go back to the first record."""
        self._consumer.seek_to_beginning(*self.partitions)

    def read(self, number: int, *, seconds: float = DEADLINE_SECONDS) -> list[Found]:
        """At least `number` records, waited for; fewer when the deadline passes."""
        return self.read_until(lambda found: len(found) >= number, seconds=seconds)

    def read_until(self, enough, *, seconds: float = DEADLINE_SECONDS) -> list[Found]:
        found: list[Found] = []
        deadline = time.monotonic() + seconds
        while not enough(found) and time.monotonic() < deadline:
            for records in self._consumer.poll(timeout_ms=100).values():
                found += [_found(record) for record in records]
        return found

    def everything_new(self) -> list[Found]:
        """All that came since the last read or skip, up to the topic's present end."""
        ends = self._consumer.end_offsets(self.partitions)

        def is_read(_: list[Found]) -> bool:
            return all(self._consumer.position(at) >= ends[at] for at in self.partitions)

        found = self.read_until(is_read)
        assert is_read(found), "the topic could not be read to its end in time"
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._consumer.close()


def _found(record: Any) -> Found:
    return Found(
        key=None if record.key is None else record.key.decode(),
        event=None if record.value is None else orjson.loads(record.value),
        headers={name: value.decode() for name, value in record.headers},
        partition=record.partition,
    )
