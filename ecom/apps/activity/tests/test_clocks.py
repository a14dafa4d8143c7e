"""Shoppers' clocks: normalised to UTC, corrected by what the client says it showed, and never ahead of ours."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecom.apps.activity.clocks import InvalidTime, Occurrence, occurrence, read_time, rfc3339

NOW = datetime(2025, 11, 23, 12, 40, 9, 500_000, UTC)


def at(timestamp, *, sent_at=None):
    return occurrence(timestamp, sent_at=sent_at, received_at=NOW)


@pytest.mark.parametrize(
    ("said", "counted"),
    [
        ("2025-11-23T12:40:09Z", "2025-11-23T12:40:09Z"),
        ("2025-11-23T12:40:09.123456789Z", "2025-11-23T12:40:09.123456789Z"),
        ("2025-11-23t12:40:09z", "2025-11-23T12:40:09Z"),
        ("2025-11-23T14:40:09.25+02:00", "2025-11-23T12:40:09.25Z"),
        ("2025-11-23T01:10:09-11:30", "2025-11-23T12:40:09Z"),
        ("2025-11-23T12:40:09-00:00", "2025-11-23T12:40:09Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("0999-01-01T01:00:00+01:00", "0999-01-01T00:00:00Z"),
    ],
)
def test_any_past_time_is_taken_in_utc_as_fine_as_it_came(said, counted):
    assert at(said) == Occurrence(counted)


@pytest.mark.parametrize(
    "said",
    [
        "2025-02-30T00:00:00Z",
        "2025-13-01T00:00:00Z",
        "2025-11-23T24:00:00Z",
        "2025-11-23T12:40:61Z",
        "2025-11-23T12:40Z",
        "2025-11-23 12:40:09Z",
        "2025-11-23T12:40:09",
        "2025-11-23",
        "20251123T124009Z",
        "2025-W47-7T12:40:09Z",
        "2025-11-23T12:40:09.Z",
        "2025-11-23T12:40:09.1234567890Z",
        "2025-11-23T12:40:09Z\n",
        "2025-11-23T12:40:09+24:00",
        "2025-11-23T12:40:09+0100",
        "٢٠٢٥-11-23T12:40:09Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "10000-01-01T00:00:00Z",
        "-001-01-01T00:00:00Z",
        "now",
    ],
)
def test_what_is_no_moment_is_refused(said):
    with pytest.raises(InvalidTime) as refusal:
        at(said)
    assert refusal.value.code == "invalid_time"


def test_a_leap_second_stays_in_its_minute():
    assert at("2016-12-31T23:59:60Z") == Occurrence("2016-12-31T23:59:59.999999Z", "2016-12-31T23:59:60Z")
    assert at("2017-01-01T00:59:60.5+01:00").time == "2016-12-31T23:59:59.999999Z"


@pytest.mark.parametrize("ahead", [0.000001, 1, 60])
def test_up_to_a_minute_ahead_is_taken_as_now_and_the_original_kept(ahead):
    said = (NOW + timedelta(seconds=ahead)).isoformat().replace("+00:00", "Z")
    assert at(said) == Occurrence("2025-11-23T12:40:09.500Z", said)


@pytest.mark.parametrize("said", ["2025-11-23T12:41:09.500001Z", "2999-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"])
def test_further_ahead_is_refused(said):
    with pytest.raises(InvalidTime) as refusal:
        at(said)
    assert refusal.value.code == "too_far_ahead"


def test_a_clock_that_is_an_hour_behind_is_corrected_by_what_it_showed_when_it_sent():
    """Seen at 11:39:59 and sent at 11:40:09 by a clock that is an hour slow: it was ten seconds ago."""
    sent_at = datetime(2025, 11, 23, 11, 40, 9, 500_000, UTC)
    said = "2025-11-23T11:39:59.500Z"
    assert at(said, sent_at=sent_at) == Occurrence("2025-11-23T12:39:59.500Z", said)


def test_a_clock_that_is_a_year_ahead_is_corrected_rather_than_refused():
    sent_at = NOW + timedelta(days=365)
    said = (sent_at - timedelta(minutes=3)).isoformat()
    assert at(said, sent_at=sent_at).time == "2025-11-23T12:37:09.500Z"


def test_an_event_that_happened_after_it_was_sent_is_clamped_or_refused_like_any_other():
    assert at("2025-11-23T12:40:39.500Z", sent_at=NOW).time == "2025-11-23T12:40:09.500Z"
    with pytest.raises(InvalidTime):
        at("2025-11-23T12:42:09.500Z", sent_at=NOW)


def test_a_correction_that_leaves_the_calendar_is_refused():
    with pytest.raises(InvalidTime):
        at("0001-01-01T00:00:00Z", sent_at=NOW + timedelta(days=1))


@given(st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 30), timezones=st.timezones() | st.just(UTC)))  # noqa: DTZ001
def test_what_was_normalised_is_the_same_moment_and_stays_as_it_is(moment):
    if moment.utcoffset().total_seconds() % 60:
        moment = moment.replace(tzinfo=UTC)  # local mean times have offsets that RFC 3339 cannot write
    read, text = read_time(moment.isoformat())
    assert read == moment.astimezone(UTC)  # Python calls an hour that comes twice equal to nothing
    assert read_time(text) == (read, text)


@given(st.text(max_size=40) | st.from_regex(r"[0-9T:.Z+-]{1,40}"))
def test_no_text_at_all_raises_anything_else(text):
    with suppress(InvalidTime):
        at(text)


def test_our_own_times_are_utc_to_the_millisecond():
    assert rfc3339(datetime.fromisoformat("2025-11-23T14:40:09.123999+02:00")) == "2025-11-23T12:40:09.123Z"
