"""k6's profile `load`: the shop's ordinary hour, five scenarios at once at fixed rates, and what Kafka saw of it."""

from typing import Any

import orjson

from bench import load, results
from local.load_test import LoadTest, scenarios_of, write_data
from local.stack import Stack


def run(stack: Stack) -> None:
    """Measure and record. Raises LoadFailed where a threshold does not hold."""
    summary = stack.directory / "k6.json"
    code = LoadTest("load").run(stack, data=write_data(stack), summary=summary)
    metrics = orjson.loads(summary.read_bytes())["metrics"]
    if code:
        raise load.LoadFailed(f"k6 ended with {code}; {summary} has its figures")
    results.record("k6", [_figure(metrics, name) for name in scenarios_of(metrics)], notes=_notes(metrics))


def _figure(metrics: dict[str, Any], scenario: str) -> dict[str, object]:
    times, requests, failed = (
        metrics[f"{name}{{scenario:{scenario}}}"] for name in ("http_req_duration", "http_reqs", "http_req_failed")
    )
    return {
        "scenario": scenario,
        "requests": requests["count"],
        "requests_per_second": requests["rate"],
        "mean_ms": times["avg"],
        "p50_ms": times["p(50)"],
        "p95_ms": times["p(95)"],
        "p99_ms": times["p(99)"],
        "failed": failed["passes"],
    }


def _notes(metrics: dict[str, Any]) -> list[str]:
    lag = metrics["kafka_consumer_lag_records"]
    return [
        f"Kafka acknowledged {metrics['kafka_acknowledged_events_per_second']['value']:.0f} events/s, 95 % of the "
        f"requests within {metrics['kafka_acknowledgement_p95']['value']:.1f} ms; the Flink job was "
        f"{lag['avg']:.0f} records behind on average, {lag['max']:.0f} at most.",
        "k6 and everything it measures share the same cores. All thresholds of k6/thresholds.js held.",
    ]
