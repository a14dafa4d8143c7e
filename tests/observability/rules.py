"""Prometheus' rules as they are deployed: PrometheusRule objects, whose spec is a plain rule file."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).parents[2]
OBSERVABILITY = REPOSITORY / "k8s" / "observability"
RULES = sorted((OBSERVABILITY / "rules").glob("*.yaml"))
RUNBOOKS = "https://github.com/example/ecom-platform/blob/main/docs/runbooks/"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert as its file has it."""

    name: str
    labels: dict[str, str]
    annotations: dict[str, str]

    @property
    def runbook(self) -> Path:
        """The file that its link leads to."""
        assert self.annotations["runbook_url"].startswith(RUNBOOKS)
        return REPOSITORY / "docs" / "runbooks" / self.annotations["runbook_url"].removeprefix(RUNBOOKS)


def rules() -> Iterator[dict[str, Any]]:
    """Every rule of every file: recorded ones and alerts."""
    for path in RULES:
        for group in yaml.safe_load(path.read_text())["spec"]["groups"]:
            yield from group["rules"]


def alerts() -> list[Alert]:
    """Every alert; one name may have several, for different windows."""
    return [Alert(rule["alert"], rule["labels"], rule["annotations"]) for rule in rules() if "alert" in rule]


def write_plain(directory: Path, *, interval: str | None = None) -> list[Path]:
    """Write the rules into the directory as the files that promtool and Prometheus read.

    `interval` takes the place of the groups' own, for who cannot wait.
    """
    written = []
    for path in RULES:
        groups = yaml.safe_load(path.read_text())["spec"]["groups"]
        if interval:
            groups = [{**group, "interval": interval} for group in groups]
        plain = directory / path.name
        plain.write_text(yaml.safe_dump({"groups": groups}, width=1000))
        written.append(plain)
    return written


def fired_in_unit_tests() -> set[str]:
    """The names of alerts that some unit test expects to fire."""
    text = "".join(path.read_text() for path in (OBSERVABILITY / "rule-tests").glob("*.yaml"))
    return set(re.findall(r'alertname="(\w+)"', text)) | set(re.findall(r"alertname: (\w+)", text))
