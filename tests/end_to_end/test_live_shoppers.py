"""Simulated shoppers on the clock's time: each minute is served exactly, soon after its end, also the last one."""

import time
from datetime import UTC, datetime, timedelta

import orjson
import pytest
import urllib3

from tests.end_to_end.conftest import Platform
from tests.end_to_end.topics import header, records

MINUTE = timedelta(minutes=1)
# The service level is L + 1 s + 5 s = 16 s at the 95th percentile; a busy test machine may take twice as long.
SERVED_WITHIN_SECONDS = 32


def minute_of(event: dict[str, str]) -> datetime:
    return datetime.fromisoformat(event["timestamp"]).replace(second=0, microsecond=0)


def raw_events(platform: Platform) -> list[dict[str, str]]:
    """Every event of the raw topic, control records left out."""
    found = records(platform.stack.kafka.bootstrap_servers, "ecom-raw-events")
    return [orjson.loads(record.value) for record in found if header(record, "control") is None]


def shoppers_by_product(platform: Platform, window: datetime) -> dict[str, set[str]]:
    """The raw topic recounted: who looked at what in this minute."""
    shoppers: dict[str, set[str]] = {}
    for event in raw_events(platform):
        if minute_of(event) == window:
            shoppers.setdefault(event["product_id"], set()).add(event["user_id"])
    return shoppers


def served_trending(platform: Platform, window: datetime) -> dict[str, int]:
    """Wait until the gateway serves the minute, and return its shoppers by product."""
    deadline = window + MINUTE + timedelta(seconds=SERVED_WITHIN_SECONDS)
    query = {"window": window.strftime("%Y-%m-%dT%H:%M:%SZ"), "limit": "100"}
    while datetime.now(UTC) < deadline:
        answer = urllib3.request("GET", f"{platform.stack.url('gateway')}/analytics/trending", fields=query, timeout=5)
        if answer.status == 200 and answer.json()["results"]:
            return {row["product_id"]: row["unique_user_count"] for row in answer.json()["results"]}
        time.sleep(0.25)
    raise AssertionError(f"the minute {window} was not served within {SERVED_WITHIN_SECONDS} s of its end")


def expected_trending(platform: Platform, window: datetime) -> list[int]:
    """The hundred largest numbers of shoppers of the minute."""
    counts = sorted((len(users) for users in shoppers_by_product(platform, window).values()), reverse=True)
    return counts[:100]


@pytest.mark.check_all
def test_a_busy_minute_and_the_last_minute_before_silence_are_served_soon_and_exactly(live_platform: Platform) -> None:
    shopping = live_platform.start_managing("simulate_shoppers", "--rate", "50", "--seed", "1", "--duration", "75")
    try:
        busy = datetime.now(UTC).replace(second=0, microsecond=0)
        trending = served_trending(live_platform, busy)
        assert sorted(trending.values(), reverse=True) == expected_trending(live_platform, busy)
        printed, _ = shopping.communicate(timeout=120)
    finally:
        shopping.kill()
    assert shopping.returncode == 0, printed

    last = max(minute_of(event) for event in raw_events(live_platform))  # only heartbeats can close it
    trending = served_trending(live_platform, last)
    assert sorted(trending.values(), reverse=True) == expected_trending(live_platform, last)
    for product_id, users in list(shoppers_by_product(live_platform, last).items())[:5]:
        wait_until_served(live_platform, product_id, last, len(users))


def wait_until_served(platform: Platform, product_id: str, window: datetime, shoppers: int) -> None:
    """A product's minute is written beside the trending list, so it may come a moment after that."""
    deadline = time.monotonic() + 10
    while (served := served_series(platform, product_id, window)) != shoppers:
        assert time.monotonic() < deadline, f"{product_id} has {served} shoppers, not {shoppers}"
        time.sleep(0.25)


def served_series(platform: Platform, product_id: str, window: datetime) -> int:
    """The shoppers of one product in one minute, as its series says."""
    query = {"from": window.isoformat(), "to": (window + MINUTE).isoformat()}
    address = f"{platform.stack.url('gateway')}/analytics/products/{product_id}"
    points = urllib3.request("GET", address, fields=query, timeout=5).json()["results"]
    return int(points[0]["unique_user_count"])
