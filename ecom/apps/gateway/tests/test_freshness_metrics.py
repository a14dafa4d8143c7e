"""What Prometheus learns of the analytics: how old the newest window is, and how many shopped in it."""

from datetime import datetime

import pytest
from django.test import RequestFactory, override_settings
from prometheus_client.parser import text_string_to_metric_families

from ecom.apps.gateway.clients import analytics_tables
from ecom.apps.gateway.tests.analytics_data import MINUTE, AnalyticsTables, Present
from ecom.common.metrics import metrics_page

END, EVENTS = "ecom_analytics_newest_window_end_timestamp_seconds", "ecom_analytics_newest_window_events"
READABLE = "ecom_analytics_readable"


def scraped() -> dict[str, float]:
    page = metrics_page(RequestFactory().get("/metrics")).content.decode()
    families = text_string_to_metric_families(page)
    return {
        each.name: each.value
        for family in families
        for each in family.samples
        if each.name.startswith("ecom_analytics_")
    }


@pytest.mark.parametrize(("minutes_ago", "event_count"), [(1, 0), (10, 5)], ids=["a quiet shop", "a dead job"])
def test_the_newest_window_and_its_events_tell_them_apart(
    tables: AnalyticsTables, present: Present, minutes_ago: int, event_count: int
) -> None:
    start: datetime = present.minutes_ago(minutes_ago)
    tables.put_status(start, event_count=event_count)
    assert scraped() == {READABLE: 1, END: (start + MINUTE).timestamp(), EVENTS: event_count}


def test_before_the_first_window_there_is_none(tables: AnalyticsTables) -> None:
    assert scraped() == {READABLE: 1}


def test_a_table_that_does_not_answer_is_told_and_no_age_is_made_up(tables: AnalyticsTables) -> None:
    analytics_tables.dynamodb.cache_clear()
    with override_settings(DYNAMODB_ENDPOINT="http://127.0.0.1:9"):
        assert scraped() == {READABLE: 0}
    analytics_tables.dynamodb().close()
    analytics_tables.dynamodb.cache_clear()
