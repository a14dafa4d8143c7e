"""The recount: distinct shoppers by product and minute, in memory that does not grow with the file's length."""

from datetime import UTC, datetime, timedelta

from ecom.apps.activity.recordings import recounting
from ecom.apps.activity.recordings.comparing import compare_all
from ecom.apps.activity.recordings.reading import RecordedEvent
from ecom.apps.activity.recordings.recounting import recount

NOON = datetime(2025, 11, 23, 12, tzinfo=UTC)
MINUTE = int(NOON.timestamp())


def event(row, user, product, seconds, event_type="VIEW_PRODUCT"):
    return RecordedEvent(row, user, product, event_type, NOON + timedelta(seconds=seconds))


def test_a_shopper_counts_once_in_each_minute_and_product():
    result = recount(
        [
            event(0, "U1", "P1", 0),
            event(1, "U1", "P1", 59.999),
            event(2, "U2", "P1", 30),
            event(3, "U1", "P1", 60),
            event(4, "U1", "P2", 61),
        ]
    )
    assert result.products == {"P1": {MINUTE: 2, MINUTE + 60: 1}, "P2": {MINUTE + 60: 1}}
    assert (result.events, result.windows) == (5, 3)
    assert (result.start, result.end) == (NOON, NOON + timedelta(minutes=2))


def test_what_the_api_would_refuse_is_in_no_window():
    refused = [event(0, "", "P", 0), event(1, "U", "P" * 65, 0), event(2, "U", "P", 0, "view")]
    result = recount(refused)
    assert (result.products, result.events, result.left_out) == ({}, 0, 3)


def test_an_event_up_to_ten_minutes_out_of_order_is_still_counted_once():
    result = recount([event(0, "U1", "P1", 0), event(1, "U1", "P2", 590), event(2, "U1", "P1", 1)])
    assert result.products["P1"] == {MINUTE: 1}


def test_the_shoppers_of_closed_minutes_are_forgotten(monkeypatch):
    open_minutes = []
    closing = recounting._close

    def watched(result, minute, products):
        open_minutes.append(minute)
        closing(result, minute, products)

    monkeypatch.setattr(recounting, "_close", watched)
    recount(event(row, f"U{row}", "P1", row * 60) for row in range(100))
    assert open_minutes[:80] == [MINUTE + 60 * number for number in range(80)]


def test_a_comparison_tells_missing_from_extra_and_from_other_counts():
    expected = {"P1": {MINUTE: 2, MINUTE + 60: 1}, "P2": {MINUTE: 1}}
    found = {"P1": {MINUTE: 2, MINUTE + 60: 3}, "P3": {MINUTE: 4}}
    result = compare_all("table", expected, found)
    assert result.as_dict() == {"place": "table", "equal": 1, "differ": 3, "missing": 1, "extra": 1, "other": 1}
    assert sorted(result.first_differences) == [
        "table: P1 2025-11-23T12:01Z: recounted 1, found 3",
        "table: P2 2025-11-23T12:00Z: recounted 1, found 0",
        "table: P3 2025-11-23T12:00Z: recounted 0, found 4",
    ]
