"""How fresh the analytics are, for Prometheus: a quiet shop and a dead job look different."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ecom.apps.gateway import selectors
from ecom.apps.gateway.clients.analytics_tables import TablesUnavailable
from ecom.apps.gateway.minutes import MINUTE, parse_time


class AnalyticsFreshness(Collector):
    """The job's newest finished window by its status row, read for each scrape (at most once a second).

    A quiet shop goes on to have windows, with 0 events; a dead job has none any more.
    """

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One read. Where DynamoDB does not answer, that is said alone."""
        readable = GaugeMetricFamily("ecom_analytics_readable", "1 while DynamoDB answers this process, else 0.")
        try:
            found = selectors.freshness()
        except TablesUnavailable:
            readable.add_metric([], 0)
            yield readable
            return
        readable.add_metric([], 1)
        yield readable
        if found.newest_window_start is None:
            return
        end = (parse_time(found.newest_window_start) + MINUTE).timestamp()
        yield GaugeMetricFamily(
            "ecom_analytics_newest_window_end_timestamp_seconds", "End of the newest finished window.", value=end
        )
        yield GaugeMetricFamily(
            "ecom_analytics_newest_window_events",
            "Events in the newest finished window.",
            value=found.newest_window_event_count or 0,
        )
