"""A real Prometheus on the running platform answers what every dashboard and rule asks."""

import time

import prometheus_client
import pytest

import ecom.apps.orders.tasks
import ecom.sqs_transport
import ecom.task_metrics
import ecom.urls.monolith  # noqa: F401 - with these every metric of ours is registered
from tests.end_to_end.load import SmokeRun
from tests.observability.dashboards import queries
from tests.observability.prometheus import Prometheus
from tests.observability.promql import metrics_of
from tests.observability.rules import rules

EXPRESSIONS = sorted({*(query.expression for query in queries()), *(rule["expr"] for rule in rules())})
# They count what must not happen, or what no smoke test brings about: there may be no series of them yet.
RARE = {
    "ecom_events_read_total",
    "ecom_gateway_rate_limited_total",
    "ecom_outbox_failures_total",
    "ecom_task_failures_total",
    "ecom_tasks_given_up_total",
}
EXPECTED = [query for query in queries() if not metrics_of(query.expression) & RARE]
# The relay of the outbox looks every ten seconds, for nine; the reader of customers' events comes twice a minute.
PATIENCE_SECONDS = 60


def registered() -> set[str]:
    """The metrics that our code registers, whether or not it has counted anything yet."""
    families = prometheus_client.REGISTRY.collect()
    return {f"{each.name}_total" if each.type == "counter" else each.name for each in families}


@pytest.fixture(scope="module")
def prometheus(smoke_run: SmokeRun) -> Prometheus:
    """With the traffic of a smoke run in it, and with all that comes some seconds after that."""
    watching = smoke_run.prometheus
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and any(not watching.query(query.expression) for query in EXPECTED):
        time.sleep(1)
    return watching


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_prometheus_can_evaluate(prometheus: Prometheus, expression: str) -> None:
    prometheus.query(expression)


def test_every_metric_is_one_that_a_real_exporter_has(prometheus: Prometheus) -> None:
    known = prometheus.names() | registered()
    asked = {name for expression in EXPRESSIONS for name in metrics_of(expression)}
    assert asked - known == set()
    assert "ecom_http_request_seconds" not in known, "a name that nobody has must not be known"


@pytest.mark.parametrize("query", EXPECTED, ids=lambda query: f"{query.dashboard}-{query.panel}")
def test_dashboards_show_what_happened(prometheus: Prometheus, query) -> None:
    assert prometheus.query(query.expression), query.expression


def test_every_service_and_exporter_is_scraped(prometheus: Prometheus) -> None:
    down = [found["metric"] for found in prometheus.query("up == 0")]
    assert down == []
