"""Every manifest keeps to the policies, and each policy finds what breaks it."""

import copy
import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ecom.services import SERVICES
from k8s.tests import policies
from k8s.tests.manifests import (
    ENVIRONMENTS,
    OVERLAYS,
    REPOSITORY,
    Manifest,
    containers_of,
    of_kind,
    overlay,
    pod_of,
    services,
)
from k8s.tests.policies import POLICIES, Policy, keeps_within


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.__name__)
def test_every_service_of_every_environment_keeps_to_it(policy: Policy) -> None:
    assert [broken for each in OVERLAYS for broken in policy(overlay(*each))] == []


def container(manifests: list[Manifest]) -> Manifest:
    return containers_of(of_kind(manifests, "Deployment")[0])[-1]


def pod(manifests: list[Manifest]) -> Manifest:
    return pod_of(of_kind(manifests, "Deployment")[0])["spec"]


def without(kind: str) -> Callable[[list[Manifest]], object]:
    def plant(manifests: list[Manifest]) -> None:
        manifests[:] = [each for each in manifests if each["kind"] != kind]

    return plant


def add_a_secret(manifests: list[Manifest]) -> None:
    manifests.append({"kind": "Secret", "metadata": {"name": "leak"}, "data": {"password": "aHVudGVyMg=="}})


def open_to_all(manifests: list[Manifest]) -> None:
    of_kind(manifests, "NetworkPolicy")[0]["spec"]["ingress"].append({"ports": [{"port": 8000}]})


def settings(manifests: list[Manifest]) -> dict[str, Any]:
    return of_kind(manifests, "ConfigMap")[0]["data"]


PLANTS: list[tuple[Policy, str, Callable[[list[Manifest]], object]]] = [
    (policies.runs_as_nobody, "root", lambda them: pod(them)["securityContext"].update(runAsNonRoot=False)),
    (policies.runs_as_nobody, "root by number", lambda them: pod(them)["securityContext"].update(runAsUser=0)),
    (policies.runs_as_nobody, "seccomp", lambda them: pod(them)["securityContext"].pop("seccompProfile")),
    (policies.runs_as_nobody, "node's network", lambda them: pod(them).update(hostNetwork=True)),
    (policies.runs_as_nobody, "node's files", lambda them: pod(them)["volumes"].append({"hostPath": {"path": "/"}})),
    (policies.runs_as_nobody, "capability", lambda them: container(them)["securityContext"].pop("capabilities")),
    (
        policies.runs_as_nobody,
        "rights",
        lambda them: container(them)["securityContext"].pop("allowPrivilegeEscalation"),
    ),
    (policies.runs_as_nobody, "writes", lambda them: container(them)["securityContext"].pop("readOnlyRootFilesystem")),
    (policies.has_bounds, "no memory limit", lambda them: container(them)["resources"]["limits"].pop("memory")),
    (policies.has_bounds, "no request", lambda them: container(them)["resources"].pop("requests")),
    (policies.has_bounds, "no room", lambda them: container(them)["resources"]["limits"].update(memory="256Mi")),
    (policies.is_probed, "no readiness", lambda them: container(them).pop("readinessProbe")),
    (policies.is_probed, "no liveness", lambda them: container(them).pop("livenessProbe")),
    (policies.has_a_version, "latest", lambda them: container(them).update(image="registry.example:5000/ecom:latest")),
    (policies.has_a_version, "no tag", lambda them: container(them).update(image="registry.example:5000/ecom")),
    (policies.keeps_secrets, "a Secret", add_a_secret),
    (policies.keeps_secrets, "a DSN", lambda them: settings(them).update(ADDRESS="postgresql://ecom:hunter2@db/ecom")),
    (policies.keeps_secrets, "a name", lambda them: settings(them).update(ECOM_SECRET_KEY="x")),
    (policies.keeps_secrets, "a key", lambda them: settings(them).update(PEM="-----BEGIN RSA PRIVATE KEY-----")),
    (policies.keeps_secrets, "a variable", lambda them: container(them)["env"].append({"name": "A_DSN", "value": "x"})),
    (policies.has_a_network_policy, "none", without("NetworkPolicy")),
    (policies.has_a_network_policy, "open", open_to_all),
    (policies.has_an_identity_of_its_own, "no account", without("ServiceAccount")),
    (policies.has_an_identity_of_its_own, "token", lambda them: pod(them).pop("automountServiceAccountToken")),
    (policies.survives_a_node, "no budget", without("PodDisruptionBudget")),
    (policies.survives_a_node, "no spread", lambda them: pod(them).pop("topologySpreadConstraints")),
]


@pytest.mark.parametrize(("policy", "what", "plant"), PLANTS, ids=[f"{each[0].__name__}: {each[1]}" for each in PLANTS])
def test_what_breaks_it_is_found(policy: Policy, what: str, plant: Callable[[list[Manifest]], object]) -> None:
    manifests = copy.deepcopy(overlay("production", "catalog"))
    plant(manifests)
    assert list(policy(manifests))


def networks(environment: str) -> set[str]:
    """The addresses of an environment's two networks, as Terraform makes them."""
    values = (REPOSITORY / "terraform" / "environments" / environment / "values" / "outputs.tf").read_text()
    return set(re.findall(r'^ +(?:aws|google)_cidr += "(.+)"$', values, re.MULTILINE))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_policies_name_the_addresses_of_their_own_networks_alone(environment: str) -> None:
    assert len(networks(environment)) == 2
    found = [
        fault
        for each in services(environment)
        for fault in keeps_within(networks(environment), overlay(environment, each))
    ]
    assert found == []


@pytest.mark.parametrize("cidr", ["10.0.0.0/8", "10.20.0.0/16", "0.0.0.0/0"], ids=["wider", "staging's", "all"])
def test_addresses_of_others_are_found(cidr: str) -> None:
    manifests = copy.deepcopy(overlay("production", "gateway"))
    access = next(each for each in of_kind(manifests, "NetworkPolicy") if each["metadata"]["name"] == "gateway-access")
    access["spec"]["ingress"][0]["from"][0]["ipBlock"]["cidr"] = cidr
    assert list(keeps_within(networks("production"), manifests))


def test_every_service_of_the_table_is_deployed_and_nothing_else() -> None:
    assert set(SERVICES) - {"monolith"} == set(services("production")) - {"namespace", "flink"}


def test_calls_that_a_service_makes_are_allowed_by_both_policies() -> None:
    for name, row in SERVICES.items():
        if name == "monolith":
            continue
        out = {callee for rule in _access(name).get("egress", ()) for callee in _named(rule.get("to", ()))}
        assert out == set(row.upstreams), name
        for callee in row.upstreams:
            allowed = {caller for rule in _access(callee)["ingress"] for caller in _named(rule["from"])}
            assert name in allowed, f"{name} calls {callee}"


def test_a_service_reaches_a_database_and_kafka_only_where_its_row_says_so() -> None:
    for name, row in SERVICES.items():
        if name == "monolith":
            continue
        ports = {each["port"] for rule in _access(name).get("egress", ()) for each in rule["ports"]}
        assert (5432 in ports) is bool(row.databases), name
        assert (9098 in ports) is ("kafka" in row.backends), name
        assert (587 in ports) is ("mail" in row.backends), name


def _access(service: str) -> Manifest:
    manifests = of_kind(overlay("production", service), "NetworkPolicy")
    return next(each["spec"] for each in manifests if each["metadata"]["name"] == f"{service}-access")


def _named(peers: list[Manifest]) -> list[str]:
    expressions = [each["podSelector"]["matchExpressions"] for each in peers if "podSelector" in each]
    return [value for each in itertools.chain.from_iterable(expressions) for value in each["values"]]


FORBIDDEN = re.compile(r"kubectl\b[^\n]*\b(apply|(create|replace)\s+-[fk])\b")


def tells_to_apply(folder: Path) -> list[str]:
    """The tracked text files of a folder in which somebody is told to apply manifests by hand."""
    own = Path(__file__).name
    skipped = (".git", ".venv", ".venv-streaming", ".local", "__pycache__", ".mypy_cache", ".ruff_cache")
    found = []
    for path in folder.rglob("*"):
        if path.name == own or any(part in skipped for part in path.relative_to(folder).parts) or not path.is_file():
            continue
        if path.suffix in (".md", ".yaml", ".yml", ".sh", ".py", ".tf", ".txt", ".toml") or path.name in (
            "Makefile",
            "Dockerfile",
        ):
            found += [str(path.relative_to(folder))] if FORBIDDEN.search(path.read_text(errors="replace")) else []
    return found


def test_nobody_is_told_to_apply_anything_by_hand() -> None:
    assert tells_to_apply(REPOSITORY) == []


@pytest.mark.parametrize("line", ["kubectl apply -f x.yaml", "kubectl -n ecom  apply -k .", "run kubectl create -f x"])
def test_who_tells_it_is_found(tmp_path: Path, line: str) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "deploy.md").write_text(f"Then:\n\n    {line}\n")
    assert tells_to_apply(tmp_path) == ["docs/deploy.md"]
