"""With what its manifests give it, and nothing else, each service starts; its secrets are those that it asks for."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from ecom.services import SERVICES
from k8s.tests.applications import applications, deployed
from k8s.tests.manifests import Manifest, containers_of, of_kind, pod_of
from tests.service_process import environment_of, manage

DEPLOYED = [name for name in SERVICES if name != "monolith"]


@pytest.fixture(scope="module")
def manifests() -> dict[str, list[Manifest]]:
    """What Argo CD deploys of each service in production."""
    ours = [each for each in applications("production") if each["metadata"]["name"] in DEPLOYED]
    return {each["metadata"]["name"]: deployed(each) for each in ours}


def secret_of(service: str, manifests: list[Manifest]) -> Manifest:
    """The secret that the service itself is given; a job may have another one."""
    return next(each for each in of_kind(manifests, "ExternalSecret") if each["metadata"]["name"] == service)


def environment_in(manifests: list[Manifest], workload: Manifest, container: Manifest) -> dict[str, str]:
    """The variables of a container, as Kubernetes makes them; secrets have the values of the tests."""
    (settings,) = of_kind(manifests, "ConfigMap")
    name = of_kind(manifests, "Deployment")[0]["metadata"]["name"]
    secret = secret_of(name, manifests)
    known = environment_of(name)
    variables = {**settings["data"], **{each["secretKey"]: known[each["secretKey"]] for each in secret["spec"]["data"]}}
    labels = pod_of(workload)["metadata"]["labels"]
    for each in container["env"]:
        source = each.get("valueFrom", {})
        value = each.get("value", "")
        if "fieldRef" in source:
            value = "127.0.0.1" if "podIP" in str(source) else labels["app.kubernetes.io/name"]
        elif "configMapKeyRef" in source:
            value = settings["data"][source["configMapKeyRef"]["key"]]
        elif "resourceFieldRef" in source:
            value = "1"
        variables[each["name"]] = value
    for key, value in variables.items():
        if "$(" in value:
            for other, text in variables.items():
                value = value.replace(f"$({other})", text)
            variables[key] = value
    return {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "ecom.settings", **variables}


def test_every_container_of_every_service_starts_with_what_it_is_given(manifests: dict[str, list[Manifest]]) -> None:
    given = {
        f"{name}: {container['name']}": environment_in(manifests[name], workload, container)
        for name in DEPLOYED
        if name in manifests
        for workload in of_kind(manifests[name], "Deployment")
        for container in containers_of(workload)[-1:]
    }
    with ThreadPoolExecutor(2) as pool:
        checked = dict(
            zip(given, pool.map(lambda each: manage("check", environment=each), given.values()), strict=True)
        )
    assert {name: done.stderr[-300:] for name, done in checked.items() if done.returncode} == {}


def test_a_secret_has_what_the_service_needs_and_nothing_of_others(manifests: dict[str, list[Manifest]]) -> None:
    for name, built in manifests.items():
        if name not in SERVICES:
            continue
        secret = secret_of(name, built)
        (settings,) = of_kind(built, "ConfigMap")
        keys = {each["secretKey"] for each in secret["spec"]["data"]}
        assert {each["remoteRef"]["key"] for each in secret["spec"]["data"]} == {name}
        assert keys <= environment_of(name).keys()
        plain = {"PATH", "DJANGO_SETTINGS_MODULE", "ECOM_SERVICE", "ECOM_ALLOWED_HOSTS"} | settings["data"].keys()
        assert environment_of(name).keys() - plain <= keys, name
