"""Sends a recording through the gateway: each event at least once under an id of its own, in bounded memory.

Batches are in flight at once, but a batch is settled only when all before it are. So a checkpoint is one number, and
the oldest event that is not acknowledged is never far behind the newest that was sent: a job whose watermark follows
recorded times would drop it.
"""

import itertools
import random
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ecom.apps.activity.clients.gateway import EventResult, GatewayClient, Unavailable
from ecom.apps.activity.clocks import rfc3339
from ecom.apps.activity.recordings.checkpoints import Checkpoint
from ecom.apps.activity.recordings.reading import RecordedEvent
from ecom.contracts.raw_event import RAW_EVENT, RawEvent

BATCH_EVENTS = 200
# Event time within a batch, and between the oldest unsettled event and the newest one sent. The job waits 10 minutes.
BATCH_SPAN = timedelta(seconds=30)
MAX_SPREAD = timedelta(seconds=120)
IN_FLIGHT = 8
PACING_SECONDS = 0.1
MAX_PAUSE_SECONDS = 10.0
EVENT_IDS = uuid.UUID("6f1c7f5e-7a43-4d0e-9d26-3f0f4c5f7b1a")


@dataclass(frozen=True, slots=True)
class Pace:
    """When events are sent and which times they bear. `speed` is a multiple of the recorded pace, None: no waiting.

    With `shift_to_now` an event bears the moment at which it is due instead of the recorded one.
    """

    speed: float | None = None
    shift_to_now: bool = False


class Stopped(Exception):
    """The replay was asked to stop while an event was not yet acknowledged."""


@dataclass(slots=True)
class _Batch:
    """Events in the order of the file, and how they are sent."""

    rows: list[RecordedEvent]
    events: list[RawEvent]

    @property
    def oldest(self) -> datetime:
        return min(row.time for row in self.rows)

    @property
    def newest(self) -> datetime:
        return max(row.time for row in self.rows)


@dataclass
class Replay:
    """One run over a recording; `checkpoint` says how far it is and is saved through `save` as it goes on."""

    client: GatewayClient
    checkpoint: Checkpoint
    save: Callable[[Checkpoint], None]
    pace: Pace = field(default_factory=Pace)
    on_settled: Callable[[], None] = lambda: None
    waiting_for: str = ""
    last_trouble: float | None = None
    refusals: deque[str] = field(default_factory=lambda: deque(maxlen=5))

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._pending: deque[tuple[_Batch, Future[list[EventResult]]]] = deque()
        self._first: datetime | None = None
        self._began = 0.0

    def run(self, events: Iterable[RecordedEvent]) -> None:
        """Send them all and wait for every acknowledgement. Raises Refused where the gateway will not take them."""
        with ThreadPoolExecutor(IN_FLIGHT) as threads:
            try:
                for batch in self._batches(events):
                    self._make_room(batch)
                    self._pending.append((batch, threads.submit(self._deliver, batch)))
                    self._settle(while_=lambda: self._pending[0][1].done())
                self._settle(while_=lambda: True)
            finally:
                self._stop.set()
                self.save(self.checkpoint)

    def _batches(self, events: Iterable[RecordedEvent]) -> Iterator[_Batch]:
        batch = _Batch([], [])
        for row in events:
            due = self._due(row.time)
            if batch.rows and self._is_full(batch, row, due):
                yield batch
                batch = _Batch([], [])
            time.sleep(max(0.0, due - time.time()))
            batch.rows.append(row)
            batch.events.append(self._raw_event(row, due))
        if batch.rows:
            yield batch

    def _is_full(self, batch: _Batch, row: RecordedEvent, due: float) -> bool:
        return (
            len(batch.rows) >= BATCH_EVENTS
            or abs(row.time - batch.rows[0].time) > BATCH_SPAN
            or due > time.time() + PACING_SECONDS
        )

    def _due(self, recorded: datetime) -> float:
        """When to send it, in seconds since 1970; 0 where there is no pace."""
        if self.pace.speed is None:
            return 0.0
        if self._first is None:
            self._first, self._began = recorded, time.time()
        return self._began + (recorded - self._first).total_seconds() / self.pace.speed

    def _raw_event(self, row: RecordedEvent, due: float) -> RawEvent:
        at = datetime.fromtimestamp(due, UTC) if self.pace.shift_to_now else row.time
        return RawEvent(
            user_id=row.user_id,
            product_id=row.product_id,
            event_type=row.event_type,
            timestamp=rfc3339(at),
            event_id=str(uuid.uuid5(EVENT_IDS, f"{self.checkpoint.fingerprint}/{row.row}")),
            schema_version=RAW_EVENT.version,
        )

    def _make_room(self, batch: _Batch) -> None:
        """Wait until the batch may be sent without running too far ahead of the oldest unsettled one."""
        newest = batch.newest
        self._settle(while_=lambda: len(self._pending) >= IN_FLIGHT or newest - self._pending[0][0].oldest > MAX_SPREAD)

    def _settle(self, *, while_: Callable[[], bool]) -> None:
        """Take the oldest batches off, waiting for each, as long as there are any and the condition holds."""
        while self._pending and while_():
            batch, delivery = self._pending[0]
            self._count(batch, delivery.result())
            self._pending.popleft()

    def _count(self, batch: _Batch, results: Sequence[EventResult]) -> None:
        checkpoint = self.checkpoint
        invalid = [result for result in results if result.outcome == "invalid"]
        self.refusals.extend(f"row {batch.rows[result.index].row}: {result.errors}" for result in invalid)
        checkpoint.refused += len(invalid)
        checkpoint.accepted += len(results) - len(invalid)
        checkpoint.rows = batch.rows[-1].row + 1
        times = [batch.oldest.timestamp(), batch.newest.timestamp()]
        checkpoint.first_time = min([*times, *_known(checkpoint.first_time)])
        checkpoint.last_time = max([*times, *_known(checkpoint.last_time)])
        self.save(checkpoint)
        self.on_settled()

    def _deliver(self, batch: _Batch) -> list[EventResult]:
        """Send until each event of the batch is accepted or refused; what comes back is by index of the batch."""
        settled: dict[int, EventResult] = {}
        left = list(range(len(batch.events)))
        for attempt in itertools.count():
            pause = self._attempt(batch, left, settled)
            left = [index for index in left if index not in settled]
            if not left:
                self.waiting_for = ""
                return [settled[index] for index in range(len(batch.events))]
            self._pause(pause, attempt)
        raise AssertionError("unreachable")

    def _attempt(self, batch: _Batch, left: Sequence[int], settled: dict[int, EventResult]) -> float:
        """Send the events of these indexes once; the seconds to wait before the next attempt."""
        try:
            results = self.client.send_events([batch.events[index] for index in left])
        except Unavailable as error:
            self.last_trouble = time.monotonic()
            self.waiting_for = str(error)
            return error.retry_after
        for result in results:
            if result.outcome != "retry":
                index = left[result.index]
                settled[index] = EventResult(index, result.outcome, result.errors)
        return 0.2

    def _pause(self, seconds: float, attempt: int) -> None:
        """Wait with jitter, longer each time. Raises Stopped."""
        longest = min(MAX_PAUSE_SECONDS, seconds * 1.5 ** min(attempt, 8))
        if self._stop.wait(random.uniform(seconds / 2, max(seconds, longest))):
            raise Stopped("stopped while events were not acknowledged")


def _known(value: float | None) -> list[float]:
    return [] if value is None else [value]
