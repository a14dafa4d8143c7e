"""Dashboards are those of their source, and the checker of expressions finds every metric in them."""

import importlib.util
import json

import pytest

from tests.observability.dashboards import FILES, queries
from tests.observability.promql import metrics_of
from tests.observability.rules import OBSERVABILITY, rules


def test_the_files_are_what_their_source_makes() -> None:
    spec = importlib.util.spec_from_file_location("dashboards_source", OBSERVABILITY / "dashboards.py")
    assert spec
    assert spec.loader
    source = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(source)
    made = {f"{each.name}.json": source.as_json(each) for each in source.DASHBOARDS}
    assert made == {path.name: path.read_text() for path in FILES}, "run python k8s/observability/dashboards.py"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_grafana_finds_a_dashboard_under_an_address_of_its_own(path) -> None:
    dashboard = json.loads(path.read_text())
    assert dashboard["uid"] == f"ecom-{path.stem}"
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"]) > 0


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('sum by (le, service) (rate(a_bucket{route!~"x|y{z}"}[5m] offset 1h)) > 1.5', {"a_bucket"}),
        (
            "a:b:rate5m / on (pod) group_left (node) c_total and time() - d > 14.4 * 0.001",
            {"a:b:rate5m", "c_total", "d"},
        ),
        ("max_over_time((max(e))[30m:1m]) == 0 or vector(0)", {"e"}),
        ('up{namespace="ecom"} == bool 0', {"up"}),
    ],
)
def test_metrics_are_found_in_expressions(expression: str, expected: set[str]) -> None:
    assert metrics_of(expression) == expected


def test_every_expression_asks_for_something() -> None:
    for expression in (*(query.expression for query in queries()), *(rule["expr"] for rule in rules())):
        assert metrics_of(expression)
