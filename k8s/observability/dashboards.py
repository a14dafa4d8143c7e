"""The source of the Grafana dashboards: `python k8s/observability/dashboards.py` writes them to `dashboards/*.json`.

A panel is a title, a unit of Grafana's and its queries; what they may ask is held by tests/observability.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DIRECTORY = Path(__file__).parent / "dashboards"
COLUMNS, WIDTH, HEIGHT = 2, 12, 8
SECONDS, SHARE, PER_SECOND, NUMBER, BYTES, MILLISECONDS = "s", "percentunit", "reqps", "short", "bytes", "ms"


@dataclass(frozen=True)
class Panel:
    """A chart over time. `queries` has PromQL by legend; `limit` draws a line, in the panel's unit."""

    title: str
    unit: str
    queries: dict[str, str]
    limit: float | None = None
    about: str = ""


@dataclass(frozen=True)
class Dashboard:
    """One page; its name is its file's and its stable address."""

    name: str
    title: str
    panels: Sequence[Panel]


def _quantiles(histogram: str, selector: str = "") -> dict[str, str]:
    rates = f"sum by (le) (rate({histogram}_bucket{selector}[5m]))"
    return {f"p{share:g}": f"histogram_quantile({share / 100:g}, {rates})" for share in (50, 95, 99)}


def _mean(histogram: str, by: str, selector: str = "") -> str:
    total, number = (f"sum by ({by}) (rate({histogram}_{part}{selector}[5m]))" for part in ("sum", "count"))
    return f"{total} / ({number} > 0)"


def _operator(metric: str, operator: str) -> str:
    """A metric of one of the Flink job's operators, whose name begins so."""
    return f'flink_taskmanager_job_task_operator_{metric}{{operator_name=~"{operator}.*"}}'


REQUESTS = "ecom_http_request_duration_seconds"
OF_SHOPPERS = '{service="gateway", route!~"healthz|readyz|metrics"}'
OF_ORDERS = '{service="orders", route=~"orders.*", method="POST"}'
OF_BULK = '{service="catalog", route="products/bulk"}'

OVERVIEW = Dashboard(
    "overview",
    "Shop: overview",
    [
        Panel("Requests", PER_SECOND, {"{{service}}": "service:ecom_http_requests:rate5m"}),
        Panel("Errors", SHARE, {"{{service}}": "service:ecom_http_request_errors:ratio_rate5m"}, limit=0.001),
        Panel(
            "Time to the answer, on average",
            SECONDS,
            {"{{service}}": "service:ecom_http_request_duration_seconds:mean5m"},
            limit=0.3,
            about="300 ms on average are promised, at the gateway.",
        ),
        Panel("Time to the answer at the gateway", SECONDS, _quantiles(REQUESTS, OF_SHOPPERS), limit=0.3),
        Panel(
            "Requests by route",
            PER_SECOND,
            {"{{method}} {{route}}": f"topk(15, sum by (method, route) (rate({REQUESTS}_count{OF_SHOPPERS}[5m])))"},
        ),
        Panel(
            "Slowest routes, on average",
            SECONDS,
            {"{{method}} {{route}}": f"topk(15, {_mean(REQUESTS, 'method, route', OF_SHOPPERS)})"},
            limit=0.3,
        ),
        Panel(
            "Answers by status",
            PER_SECOND,
            {"{{status}}": f"sum by (status) (rate({REQUESTS}_count{OF_SHOPPERS}[5m]))"},
        ),
        Panel(
            "Error budget: how fast it burns",
            NUMBER,
            {
                "last hour": "gateway:ecom_http_request_errors:ratio_rate1h / 0.001",
                "last 6 hours": "gateway:ecom_http_request_errors:ratio_rate6h / 0.001",
                "last 3 days": "gateway:ecom_http_request_errors:ratio_rate3d / 0.001",
            },
            limit=1,
            about="1: the month's budget lasts a month.",
        ),
        Panel(
            "Shared cache of public reads",
            PER_SECOND,
            {"{{outcome}}": "sum by (outcome) (rate(ecom_gateway_shared_cache_total[5m]))"},
        ),
        Panel(
            "Held back",
            NUMBER,
            {
                "beyond a client's limit ({{rate}})": "sum by (rate) (rate(ecom_gateway_rate_limited_total[5m]))",
                "{{upstream}} left alone": "max by (upstream) (ecom_gateway_circuit_open)",
            },
        ),
        Panel(
            "Live streams",
            NUMBER,
            {
                "open": "sum(ecom_gateway_streams)",
                "refused a minute": "60 * sum(rate(ecom_gateway_streams_refused_total[5m]))",
            },
        ),
        Panel(
            "Tasks: time",
            SECONDS,
            {"{{task}}": _mean("ecom_task_duration_seconds", "task")},
        ),
        Panel(
            "Tasks: waiting and failed",
            NUMBER,
            {
                "{{queue}}": "max by (queue) (ecom_queue_messages)",
                "{{task}} failed a minute": "60 * sum by (task) (rate(ecom_task_failures_total[5m]))",
                "{{task}} given up": "sum by (task) (ecom_tasks_given_up_total)",
            },
        ),
    ],
)

STREAMING = Dashboard(
    "streaming",
    "Shop: events and analytics",
    [
        Panel(
            "Events by outcome",
            PER_SECOND,
            {"{{outcome}}": "sum by (outcome) (rate(ecom_activity_events_total[5m]))"},
            about="accepted: Kafka has acknowledged it.",
        ),
        Panel("Kafka's acknowledgement", SECONDS, _quantiles("ecom_activity_acknowledgement_seconds"), limit=3),
        Panel(
            "Producer",
            NUMBER,
            {
                "requests in flight": "sum(ecom_activity_in_flight)",
                "rebuilt a minute": "60 * sum(rate(ecom_activity_producer_rebuilds_total[5m]))",
                "heartbeats {{outcome}} a minute": "60 * sum by (outcome) (rate(ecom_activity_heartbeats_total[5m]))",
            },
        ),
        Panel(
            "Age of the newest finished minute",
            SECONDS,
            {"age": "ecom:analytics_newest_window_age:seconds", "readable": "min(ecom_analytics_readable)"},
            limit=180,
            about="A dead job's grows. A quiet shop's does not, and its minutes have 0 events.",
        ),
        Panel("Events in the newest finished minute", NUMBER, {"events": "max(ecom_analytics_newest_window_events)"}),
        Panel(
            "Consumer lag: records not read yet",
            NUMBER,
            {
                "subtask {{subtask_index}}": "sum by (subtask_index) "
                "(flink_taskmanager_job_task_operator_pendingRecords)",
                "largest of a partition": "max("
                "flink_taskmanager_job_task_operator_KafkaSourceReader_KafkaConsumer_records_lag_max)",
            },
            about="Flink's own view: this one is alarmed on.",
        ),
        Panel(
            "Consumer lag by committed offsets",
            NUMBER,
            {"{{consumergroup}} {{topic}}": "sum by (consumergroup, topic) (kafka_consumergroup_lag)"},
            about="A saw-tooth: offsets are committed with checkpoints. What a restart would read again.",
        ),
        Panel(
            "Records that come to the topics",
            PER_SECOND,
            {
                "{{topic}}": 'sum by (topic) (rate(kafka_topic_partition_current_offset{topic=~"ecom-.*"}[5m]))',
            },
        ),
        Panel("Read by the job", PER_SECOND, {"records": f"sum(rate({_operator('numRecordsIn', 'Source')}[5m]))"}),
        Panel("Watermark's delay", MILLISECONDS, {"delay": f"max({_operator('watermarkLag', 'Source')})"}),
        Panel(
            "Not counted",
            NUMBER,
            {
                "late": f"sum(increase({_operator('numRecordsIn', 'late_events.*Writer')}[5m]))",
                "dead letters": f"sum(increase({_operator('numRecordsIn', 'dead_letters.*Writer')}[5m]))",
                "dropped by Flink (must be 0)": "sum(flink_taskmanager_job_task_operator_numLateRecordsDropped)",
            },
        ),
        Panel(
            "DynamoDB: items and retries",
            PER_SECOND,
            {
                "items": f"sum(rate({_operator('dynamodb_items', 'PythonCalc')}[5m]))",
                "retries": f"sum(rate({_operator('dynamodb_retries', 'PythonCalc')}[5m]))",
            },
        ),
        Panel(
            "DynamoDB: time a call",
            MILLISECONDS,
            {
                "time": f"sum(rate({_operator('dynamodb_milliseconds', 'PythonCalc')}[5m])) "
                f"/ sum(rate({_operator('dynamodb_calls', 'PythonCalc')}[5m]))"
            },
        ),
        Panel("Checkpoints: time", MILLISECONDS, {"newest": "max(flink_jobmanager_job_lastCheckpointDuration)"}),
        Panel("Checkpoints: size", BYTES, {"newest": "max(flink_jobmanager_job_lastCheckpointSize)"}),
        Panel(
            "Checkpoints failed, restarts",
            NUMBER,
            {
                "failed": "max(flink_jobmanager_job_numberOfFailedCheckpoints)",
                "restarts": "max(flink_jobmanager_job_numRestarts)",
            },
        ),
    ],
)


def _hpa(metric: str) -> str:
    return f'max by (horizontalpodautoscaler) (kube_horizontalpodautoscaler_{metric}{{namespace="ecom"}})'


def _hpa_metric(side: str) -> str:
    """Measured (`status`) or wanted (`spec`), in percent of what the pods request; there are averages in bytes too."""
    selector = '{namespace="ecom", metric_target_type="utilization"}'
    return (
        f"max by (horizontalpodautoscaler, metric_name) (kube_horizontalpodautoscaler_{side}_target_metric{selector})"
    )


AUTOSCALING = Dashboard(
    "autoscaling",
    "Shop: autoscaling",
    [
        Panel(
            "Pods",
            NUMBER,
            {
                "{{horizontalpodautoscaler}} now": _hpa("status_current_replicas"),
                "{{horizontalpodautoscaler}} wanted": _hpa("status_desired_replicas"),
            },
        ),
        Panel(
            "Bounds",
            NUMBER,
            {
                "{{horizontalpodautoscaler}} least": _hpa("spec_min_replicas"),
                "{{horizontalpodautoscaler}} most": _hpa("spec_max_replicas"),
            },
        ),
        Panel(
            "Measured against the target (1: as wanted)",
            SHARE,
            {"{{horizontalpodautoscaler}} {{metric_name}}": f"{_hpa_metric('status')} / {_hpa_metric('spec')}"},
            limit=1,
        ),
        Panel(
            "Measured, in percent of the request",
            "percent",
            {"{{horizontalpodautoscaler}} {{metric_name}}": _hpa_metric("status")},
        ),
        Panel(
            "Pods against requests",
            NUMBER,
            {
                "{{horizontalpodautoscaler}} pods": _hpa("status_current_replicas"),
                "{{service}} requests a second": 'service:ecom_http_requests:rate5m{service=~"gateway|activity"}',
            },
        ),
        Panel("Time to the answer at the gateway", SECONDS, _quantiles(REQUESTS, OF_SHOPPERS), limit=0.3),
    ],
)

ORDERS = Dashboard(
    "orders",
    "Shop: orders",
    [
        Panel(
            "Orders by the state that they came into, an hour",
            NUMBER,
            {"{{state}}": "3600 * sum by (state) (rate(ecom_orders_transitions_total[5m]))"},
        ),
        Panel(
            "Requests that place and change orders, by answer",
            PER_SECOND,
            {"{{route}} {{status}}": f"sum by (route, status) (rate({REQUESTS}_count{OF_ORDERS}[5m]))"},
        ),
        Panel("Time to place or change an order", SECONDS, _quantiles(REQUESTS, OF_ORDERS), limit=0.3),
        Panel(
            "Reservations by outcome",
            PER_SECOND,
            {"{{outcome}}": "sum by (outcome) (rate(ecom_catalog_reservations_total[5m]))"},
        ),
        Panel("Events that wait in an outbox", NUMBER, {"{{outbox}}": "max by (outbox) (ecom_outbox_unpublished)"}),
        Panel(
            "Age of the oldest, and since a relay looked",
            SECONDS,
            {
                "{{outbox}} oldest": "max by (outbox) (ecom_outbox_oldest_seconds)",
                "{{outbox}} looked": "time() - max by (outbox) (ecom_outbox_relayed_timestamp_seconds)",
            },
            limit=120,
        ),
        Panel(
            "Events published, runs without Kafka",
            PER_SECOND,
            {
                "{{outbox}}": "sum by (outbox) (rate(ecom_outbox_published_total[5m]))",
                "{{outbox}} failed": "sum by (outbox) (rate(ecom_outbox_failures_total[5m]))",
            },
        ),
        Panel(
            "Events of others: read, and not read yet",
            NUMBER,
            {
                "{{topic}} {{outcome}} a second": "sum by (topic, outcome) (rate(ecom_events_read_total[5m]))",
                "{{topic}} not read": "max by (topic) (ecom_events_unread)",
            },
        ),
    ],
)

IMPORTS = Dashboard(
    "imports",
    "Shop: imports",
    [
        Panel(
            "Rows by outcome, a minute",
            NUMBER,
            {"{{outcome}}": "60 * sum by (outcome) (rate(ecom_catalog_bulk_rows_total[5m]))"},
            about="What came to POST /products/bulk, from the import function or from anybody else.",
        ),
        Panel(
            "Rows in the last day",
            NUMBER,
            {"{{outcome}}": "sum by (outcome) (increase(ecom_catalog_bulk_rows_total[1d]))"},
        ),
        Panel(
            "Requests by answer",
            PER_SECOND,
            {"{{status}}": f"sum by (status) (rate({REQUESTS}_count{OF_BULK}[5m]))"},
        ),
        Panel("Time of a request", SECONDS, _quantiles(REQUESTS, OF_BULK)),
    ],
)

DASHBOARDS = (OVERVIEW, STREAMING, AUTOSCALING, ORDERS, IMPORTS)


def as_json(dashboard: Dashboard) -> str:
    """The dashboard as Grafana reads it."""
    document = {
        "uid": f"ecom-{dashboard.name}",
        "title": dashboard.title,
        "tags": ["ecom"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [{"name": "datasource", "type": "datasource", "query": "prometheus"}]},
        "panels": [_panel(number, panel) for number, panel in enumerate(dashboard.panels)],
    }
    return json.dumps(document, indent=1) + "\n"


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    source = {"type": "prometheus", "uid": "${datasource}"}
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.limit is not None:
        steps.append({"color": "red", "value": panel.limit})
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.about,
        "datasource": source,
        "gridPos": {"x": WIDTH * (number % COLUMNS), "y": HEIGHT * (number // COLUMNS), "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {
            "defaults": {
                "unit": panel.unit,
                "min": 0,
                "thresholds": {"mode": "absolute", "steps": steps},
                "custom": {"thresholdsStyle": {"mode": "off" if panel.limit is None else "dashed"}},
            },
            "overrides": [],
        },
        "targets": [
            {"refId": chr(ord("A") + index), "expr": query, "legendFormat": legend, "datasource": source}
            for index, (legend, query) in enumerate(panel.queries.items())
        ],
    }


def main() -> None:
    """Write every dashboard's file."""
    DIRECTORY.mkdir(exist_ok=True)
    for dashboard in DASHBOARDS:
        (DIRECTORY / f"{dashboard.name}.json").write_text(as_json(dashboard))


if __name__ == "__main__":
    main()
