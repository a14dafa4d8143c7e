"""Every overlay builds, service by service and whole, and fits the schemas of two versions of Kubernetes."""

import pytest

from k8s.tests.manifests import ENVIRONMENTS, K8S, OVERLAYS, build_text, name_of, overlay, overlay_text, parse, services
from k8s.tests.schemas import VERSIONS, violations


@pytest.mark.parametrize("version", VERSIONS)
def test_all_services_of_all_environments_fit_the_schemas(version: str) -> None:
    manifests = "\n---\n".join(overlay_text(*each) for each in OVERLAYS)
    assert violations(manifests, version) == ""


def test_what_does_not_fit_is_found() -> None:
    for plant in (
        ("replicas: 2", "replicas: two"),
        ("serviceAccountName:", "serviceAcountName:"),
        ("secretKey:", "secret:"),
    ):
        manifests = overlay_text("production", "customers")
        assert plant[0] in manifests
        assert violations(manifests.replace(*plant), VERSIONS[0]), plant


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_builds_whole_and_is_then_the_sum_of_its_services(environment: str) -> None:
    whole = sorted(map(name_of, parse(build_text(K8S / "overlays" / environment))))
    parts = sorted(name_of(each) for service in services(environment) for each in overlay(environment, service))
    assert whole == parts


def test_the_environments_have_the_same_services() -> None:
    assert services("dev") == services("staging") == services("production")
