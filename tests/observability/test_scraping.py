"""Whoever is deployed is scraped: the PodMonitor finds every workload of the overlays, by its labels and its port."""

from pathlib import Path

import pytest
import yaml

from k8s.tests.manifests import OVERLAYS, build_text, containers_of, of_kind, overlay, pod_of
from k8s.tests.schemas import VERSIONS, violations
from tests.observability.rules import OBSERVABILITY

MONITOR = yaml.safe_load((OBSERVABILITY / "scraping" / "pods.yaml").read_text())["spec"]
(ENDPOINT,) = MONITOR["podMetricsEndpoints"]


@pytest.mark.parametrize(("environment", "service"), OVERLAYS)
def test_every_pod_that_stays_is_found_and_named_by_its_service(environment: str, service: str) -> None:
    for workload in of_kind(overlay(environment, service), "Deployment", "StatefulSet"):
        assert workload["metadata"]["namespace"] in MONITOR["namespaceSelector"]["matchNames"]
        labels = pod_of(workload)["metadata"]["labels"]
        assert MONITOR["selector"]["matchLabels"].items() <= labels.items()
        assert labels["app.kubernetes.io/name"] == service
        assert ENDPOINT["port"] in {port["name"] for each in containers_of(workload) for port in each.get("ports", ())}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("folder", [OBSERVABILITY, OBSERVABILITY / "logs"], ids=lambda folder: folder.name)
def test_what_is_deployed_fits_the_schemas(folder: Path, version: str) -> None:
    assert violations(build_text(folder), version) == ""
