"""Holds what the job counted against a recount: at the gateway, and where asked in the table and the topic."""

import itertools
import random
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from ecom.apps.activity.clients.analytics_stores import Window, table_windows, topic_windows
from ecom.apps.activity.clients.gateway import GatewayClient, Unavailable
from ecom.apps.activity.recordings.comparing import Comparison, compare_all
from ecom.apps.activity.recordings.recounting import Minutes, Recount

CONCURRENCY = 8
ATTEMPTS = 6
POLL_SECONDS = 2.0
LONGEST_SERIES = timedelta(days=1)
STORES: dict[str, Callable[[], Iterator[Window]]] = {"table": table_windows, "topic": topic_windows}


@dataclass(frozen=True)
class Verification:
    """One recount and the gateway that should serve the same; `deadline` (monotonic) ends the waiting for the job."""

    recount: Recount
    gateway: GatewayClient
    deadline: float

    def wait_for_last_minute(self) -> None:
        """Wait until the recording's last minute is served, or the deadline: before that there is much to fetch."""
        last = int(self._span[1].timestamp()) - 60
        products = [product_id for product_id, minutes in self.recount.products.items() if last in minutes]
        while (
            not compare_all(
                "gateway", self.recount.products, {products[0]: self._served(products[0])}, products=products[:1]
            ).equal
            and self._may_wait()
        ):
            pass

    def at_the_gateway(self, on_product: Callable[[int], None]) -> Comparison:
        """Compare each product's series; those that differ again until they do not, or the deadline."""
        comparison = self._fetch_and_compare(self.recount.products, on_product)
        while comparison.differing and self._may_wait():
            again = self._fetch_and_compare(comparison.products, lambda number: None)
            again.equal += comparison.equal - self._equal_within(comparison)
            comparison = again
        return comparison

    def in_store(self, place: str) -> Comparison:
        """Compare all that the table or the topic holds of the recording's time."""
        comparison = self._compare_store(place)
        while comparison.differing and self._may_wait():
            comparison = self._compare_store(place)
        return comparison

    @cached_property
    def _span(self) -> tuple[datetime, datetime]:
        """The recording's first minute and its end, found once: it is asked for with each product."""
        return self.recount.start, self.recount.end

    def _fetch_and_compare(self, products: Iterable[str], on_product: Callable[[int], None]) -> Comparison:
        comparison = Comparison("gateway")
        with ThreadPoolExecutor(CONCURRENCY) as threads:
            for some in _chunks(products, 500):
                for product_id, found in zip(some, threads.map(self._served, some), strict=True):
                    comparison.compare(product_id, self.recount.products[product_id], found)
                on_product(len(some))
        return comparison

    def _equal_within(self, comparison: Comparison) -> int:
        """Windows of the differing products that were equal already: they are fetched and counted again."""
        windows = sum(len(self.recount.products[product_id]) for product_id in comparison.products)
        return windows - comparison.missing - comparison.other

    def _served(self, product_id: str) -> Minutes:
        """The product's minutes over the whole recording, so that one with shoppers it should not have is seen too."""
        minutes: Minutes = {}
        for start, end in self._ranges():
            minutes |= self._served_between(product_id, start, end)
        return minutes

    def _served_between(self, product_id: str, start: datetime, end: datetime) -> Minutes:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                series = self.gateway.shoppers_by_minute(product_id, start=start, end=end)
                return {int(minute.timestamp()): shoppers for minute, shoppers in series if shoppers}
            except Unavailable as error:
                if attempt == ATTEMPTS:
                    raise
                time.sleep(random.uniform(0.5, 1.0) * error.retry_after * attempt)
        raise AssertionError("unreachable")

    def _ranges(self) -> Iterator[tuple[datetime, datetime]]:
        start, end = self._span
        while start < end:
            yield start, min(start + LONGEST_SERIES, end)
            start += LONGEST_SERIES

    def _compare_store(self, place: str) -> Comparison:
        found: dict[str, Minutes] = {}
        first, end = self._span
        for product_id, start, shoppers in STORES[place]():
            if first <= start < end:
                found.setdefault(product_id, {})[int(start.timestamp())] = shoppers
        return compare_all(place, self.recount.products, found)

    def _may_wait(self) -> bool:
        """Wait a little; False where there is no time left."""
        left = self.deadline - time.monotonic()
        time.sleep(max(0.0, min(POLL_SECONDS, left)))
        return left > 0


def _chunks(items: Iterable[str], size: int) -> Iterator[list[str]]:
    iterator = iter(items)
    while some := list(itertools.islice(iterator, size)):
        yield some
