"""Rules are what Prometheus takes, alerts fire when they should and not else, and each says what to do."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from local.programs_for_tests import ALERTMANAGER, PROMETHEUS
from tests.observability.rules import OBSERVABILITY, RULES, Alert, alerts, fired_in_unit_tests, write_plain

UNIT_TESTS = sorted((OBSERVABILITY / "rule-tests").glob("*.yaml"))


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [PROMETHEUS.path("promtool"), *arguments]
    return subprocess.run(command, text=True, capture_output=True, timeout=120, check=False)


def test_prometheus_takes_every_rule(tmp_path: Path) -> None:
    checked = promtool("check", "rules", *write_plain(tmp_path))
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.count("SUCCESS") == len(RULES) > 0


@pytest.mark.parametrize("unit_test", UNIT_TESTS, ids=lambda path: path.stem)
def test_alerts_fire_when_they_should_and_not_else(unit_test: Path, tmp_path: Path) -> None:
    write_plain(tmp_path)
    shutil.copy(unit_test, tmp_path / f"test-{unit_test.name}")
    ran = promtool("test", "rules", tmp_path / f"test-{unit_test.name}")
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_alert_has_fired_in_a_unit_test() -> None:
    assert {alert.name for alert in alerts()} == fired_in_unit_tests()


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: f"{alert.name}-{alert.labels.get('window', '')}")
def test_whoever_is_woken_learns_what_it_is_and_what_to_do(alert: Alert) -> None:
    assert alert.labels["severity"] in ("page", "ticket")
    assert alert.annotations["summary"].endswith(".")
    assert alert.runbook.is_file(), f"{alert.name} leads to {alert.runbook.name}, which does not exist"


def amtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [ALERTMANAGER.path("amtool"), *arguments]
    return subprocess.run(command, text=True, capture_output=True, timeout=60, check=False)


@pytest.fixture
def alertmanager(tmp_path: Path) -> Path:
    """Alertmanager's configuration as the chart's values have it."""
    values = yaml.safe_load((OBSERVABILITY / "values" / "kube-prometheus-stack.yaml").read_text())
    file = tmp_path / "alertmanager.yaml"
    file.write_text(yaml.safe_dump(values["alertmanager"]["config"]))
    return file


def test_alertmanager_takes_its_configuration(alertmanager: Path) -> None:
    checked = amtool("check-config", alertmanager)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [("severity=page", "pages"), ("severity=ticket", "tickets"), ("alertname=Watchdog", "nobody")],
)
def test_pages_wake_somebody_and_tickets_do_not(labels: str, receiver: str, alertmanager: Path) -> None:
    routed = amtool("config", "routes", "test", f"--config.file={alertmanager}", labels)
    assert routed.stdout.strip() == receiver
