"""What the Grafana dashboards ask Prometheus, as their files have it."""

import json
from dataclasses import dataclass

from tests.observability.rules import OBSERVABILITY

FILES = sorted((OBSERVABILITY / "dashboards").glob("*.json"))


@dataclass(frozen=True, slots=True)
class Query:
    """One expression and where it stands."""

    dashboard: str
    panel: str
    expression: str


def queries() -> list[Query]:
    """Every expression of every panel."""
    return [
        Query(path.stem, panel["title"], target["expr"])
        for path in FILES
        for panel in json.loads(path.read_text())["panels"]
        for target in panel["targets"]
    ]
