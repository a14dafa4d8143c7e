"""Web services are one Deployment: they differ by name, secrets, resources, scaling, probes, and by what they await."""

import copy
import json

import pytest

from k8s.tests.manifests import ENVIRONMENTS, Manifest, containers_of, of_kind, overlay, services

OWN = ("resources", "startupProbe", "livenessProbe", "readinessProbe")


def shared_part(deployment: Manifest) -> str:
    """What it has in common with all others; its name, which is its secret's and account's too, is left out."""
    found = copy.deepcopy(deployment)
    found["spec"].pop("replicas", None)
    found["spec"]["template"]["spec"].pop("initContainers", None)
    for container in containers_of(found):
        for part in OWN:
            container.pop(part, None)
    name = deployment["metadata"]["name"]
    return json.dumps(found, sort_keys=True).replace(f'"{name}"', '"NAME"').replace(f'"{name}-', '"NAME-')


def web(environment: str) -> list[Manifest]:
    """The Deployments under gunicorn."""
    found = [each for service in services(environment) for each in of_kind(overlay(environment, service), "Deployment")]
    return [each for each in found if containers_of(each)[-1]["args"][0] == "gunicorn"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_web_services_differ_in_nothing_else(environment: str) -> None:
    deployments = web(environment)
    assert len(deployments) == 7
    assert len({shared_part(each) for each in deployments}) == 1


def test_another_variable_is_found() -> None:
    first = web("production")[0]
    other = copy.deepcopy(first)
    containers_of(other)[-1]["env"].append({"name": "ECOM_ODD", "value": "1"})
    assert shared_part(first) != shared_part(other)
