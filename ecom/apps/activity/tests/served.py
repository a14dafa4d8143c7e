"""The service as it is deployed, under load of the tests' own."""

import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

import orjson
import urllib3

from tests.tokens import token


@dataclass
class Load:
    """Clients that send single events until stopped, and remember the ids that were answered 202."""

    address: str
    clients: int = 8
    accepted: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._send, args=(number,)) for number in range(self.clients)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _send(self, number: int) -> None:
        bearer = token("load", kind="service", scope="activity:any")
        with urllib3.PoolManager(retries=False, timeout=20, headers={"Authorization": f"Bearer {bearer}"}) as pool:
            while not self._stop.is_set():
                with suppress(urllib3.exceptions.HTTPError):
                    answer = post_event(pool, self.address, user_id=f"U{number}")
                    self.statuses[answer.status] += 1
                    if answer.status == 202:
                        self.accepted.append(answer.json()["event_id"])
                    else:
                        self._stop.wait(0.1)  # a crowd that never pauses would keep Kafka itself from starting


def post_event(pool: urllib3.PoolManager, address: str, *, user_id: str = "U1") -> urllib3.BaseHTTPResponse:
    """One valid event."""
    event = {
        "user_id": user_id,
        "product_id": "P1",
        "event_type": "VIEW_PRODUCT",
        "timestamp": "2025-11-23T12:40:09Z",
    }
    headers = {**pool.headers, "Content-Type": "application/json"}
    return pool.request("POST", f"{address}/activity/event", body=orjson.dumps(event), headers=headers)
