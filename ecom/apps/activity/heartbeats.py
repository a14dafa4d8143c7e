"""Heartbeats: a control record on every partition every few seconds, from one sender per pod.

They move the watermark where no shopper does, so a quiet shop's last minute closes too. The workers of a pod agree by a
lock on a file, which the system releases when the worker that holds it ends, however that happens.
"""

import atexit
import fcntl
import hashlib
import logging
import os
import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from prometheus_client import Counter

from ecom.apps.activity.clocks import rfc3339
from ecom.apps.activity.events import KafkaUnavailable, Publisher, publisher
from ecom.contracts.control_record import Control

HEARTBEATS = Counter("ecom_activity_heartbeats", "Rounds of heartbeats, one record on each partition.", ["outcome"])

log = logging.getLogger(__name__)


class Heartbeats(threading.Thread):
    """Beats every `seconds` while this process holds the lock; tries to get it as often."""

    def __init__(self, *, seconds: float, lock: Path, publisher: Publisher) -> None:
        super().__init__(name="heartbeats", daemon=True)
        self._seconds = seconds
        self._lock = lock
        self._publisher = publisher
        self._stopped = threading.Event()
        self._failing = False

    def run(self) -> None:
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            while not self._stopped.wait(self._seconds):
                if _is_ours(descriptor):
                    self._beat()
        finally:
            os.close(descriptor)

    def stop(self) -> None:
        """End after the current beat."""
        self._stopped.set()

    def _beat(self) -> None:
        try:
            self._publisher.publish_control(Control.HEARTBEAT, time=rfc3339(datetime.now(UTC)))
        except KafkaUnavailable as error:
            self._note("failed", failing=True, reason=str(error))
        except Exception:  # the thread must outlive whatever the library raises: without it no window closes
            log.exception("heartbeat failed")
            self._note("failed", failing=True, reason="unexpected")
        else:
            self._note("sent", failing=False)

    def _note(self, outcome: str, *, failing: bool, reason: str = "") -> None:
        """Count, and log a change once rather than each beat."""
        HEARTBEATS.labels(outcome).inc()
        if failing != self._failing:
            log.warning("heartbeats stopped" if failing else "heartbeats flow again", extra={"reason": reason})
            self._failing = failing


def start_heartbeats() -> Heartbeats | None:
    """Begin to compete for the pod's heartbeats; None where they are off."""
    if settings.HEARTBEAT_SECONDS <= 0:
        return None
    thread = Heartbeats(seconds=settings.HEARTBEAT_SECONDS, lock=_lock_file(), publisher=publisher())
    thread.start()
    atexit.register(thread.stop)  # before the publisher's own end, which was registered earlier
    return thread


def _lock_file() -> Path:
    """One file for each topic that this machine serves: two embedded stacks do not silence each other."""
    target = ",".join([*settings.KAFKA_BOOTSTRAP_SERVERS, settings.RAW_EVENTS_TOPIC])
    digest = hashlib.sha256(target.encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"ecom-heartbeats-{digest}.lock"


def _is_ours(descriptor: int) -> bool:
    """True while this process holds the lock, which it then keeps for its life."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
