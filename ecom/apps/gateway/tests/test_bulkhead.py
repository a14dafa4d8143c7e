"""More who come at once than there are slots: they wait for a backend that answers, and not for one that is stuck."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from ecom.apps.gateway import bulkhead
from ecom.apps.gateway.bulkhead import Bulkhead, Full

SLOTS, CALLERS = 6, 8


def test_after_a_pause_all_who_come_at_once_are_served_by_a_backend_that_answers(monkeypatch) -> None:
    monkeypatch.setattr(bulkhead, "WAIT_SECONDS", 5.0)  # a busy machine is not a stuck backend
    slots, together = Bulkhead(SLOTS), threading.Barrier(CALLERS)
    slots._moved_at = time.monotonic() - 60

    def call(_: int) -> None:
        together.wait()
        with slots:
            time.sleep(0.02)  # the backend's time

    with ThreadPoolExecutor(CALLERS) as callers:
        assert list(callers.map(call, range(CALLERS))) == [None] * CALLERS


def test_nobody_waits_for_a_backend_that_is_stuck() -> None:
    slots = Bulkhead(1)
    with slots:
        slots._moved_at = time.monotonic() - bulkhead.WAIT_SECONDS
        begun = time.monotonic()
        try:
            slots.enter()
        except Full:
            assert time.monotonic() - begun < bulkhead.WAIT_SECONDS
        else:
            raise AssertionError("there was no slot")
