"""ApplicationSets make one Application of each service, with nothing left open, and projects that allow just that."""

import json
import re
from collections import Counter

import pytest

from k8s.tests.applications import ANNOTATIONS, PREFIX, applications, argocd, deployed, everything_deployed
from k8s.tests.manifests import ENVIRONMENTS, K8S, REPOSITORY, WORKLOADS, name_of, of_kind, overlay, parse, services
from k8s.tests.schemas import VERSIONS, violations


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_each_service_is_one_application_and_each_workload_belongs_to_one(environment: str) -> None:
    ours = [each for each in applications(environment) if each["spec"]["project"] == "ecom"]
    assert sorted(each["metadata"]["name"] for each in ours) == services(environment)
    names = Counter(each["metadata"]["name"] for each in applications(environment))
    assert set(names.values()) == {1}
    owners = Counter(
        (manifest["metadata"]["namespace"], name_of(manifest))
        for where, _, manifest in everything_deployed()
        if where == environment and manifest["kind"] in WORKLOADS
    )
    assert set(owners.values()) == {1}
    overlays = {
        name_of(each)
        for service in services(environment)
        for each in of_kind(overlay(environment, service), *WORKLOADS)
    }
    assert overlays == {name for namespace, name in owners if namespace == "ecom"}


def test_what_is_deployed_has_no_open_value_and_fits_the_schemas() -> None:
    everything = [manifest for _, _, manifest in everything_deployed()] + argocd()
    applied = [each for environment in ENVIRONMENTS for each in applications(environment)]
    text = "\n---\n".join(json.dumps(each) for each in everything)
    assert "set-by-" not in text
    assert "<no value>" not in text + json.dumps(applied)
    applied = [{"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", **each} for each in applied]
    for version in VERSIONS[:1]:
        assert violations(text + "\n---\n" + "\n---\n".join(map(json.dumps, applied)), version) == ""


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_application_gets_its_environments_registry_role_and_addresses(environment: str) -> None:
    catalog = next(each for each in applications(environment) if each["metadata"]["name"] == "catalog")
    manifests = deployed(catalog)
    (deployment,) = of_kind(manifests, "Deployment")
    (account,) = of_kind(manifests, "ServiceAccount")
    (settings,) = of_kind(manifests, "ConfigMap")
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    assert container["image"].startswith(ANNOTATIONS["image-repository"] + ":")
    role = f"arn:aws:iam::123456789012:role/ecom-{environment}-catalog"
    assert account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"] == role
    assert settings["data"]["ECOM_DOMAIN"] == f"{environment}.shop.example"
    assert container["envFrom"][0]["configMapRef"]["name"] == settings["metadata"]["name"]


def test_the_project_allows_the_kinds_that_are_deployed_and_no_others() -> None:
    projects = {each["metadata"]["name"]: each["spec"] for each in of_kind(argocd(), "AppProject")}
    allowed = projects["ecom"]["clusterResourceWhitelist"] + projects["ecom"]["namespaceResourceWhitelist"]
    ours = {each["metadata"]["name"] for each in applications("production") if each["spec"]["project"] == "ecom"}
    used = {
        ("" if "/" not in manifest["apiVersion"] else manifest["apiVersion"].partition("/")[0], manifest["kind"])
        for _, application, manifest in everything_deployed()
        if application in ours
    }
    assert {(each["group"], each["kind"]) for each in allowed} == used
    assert projects["ecom"]["destinations"] == [{"server": "https://kubernetes.default.svc", "namespace": "ecom"}]


def test_every_application_is_within_its_project_and_every_chart_is_pinned() -> None:
    projects = {each["metadata"]["name"]: each["spec"] for each in of_kind(argocd(), "AppProject")}
    used: dict[str, set[str]] = {name: set() for name in projects}
    for application in applications("production"):
        spec = application["spec"]
        project = projects[spec["project"]]
        assert spec["destination"] in project["destinations"]
        for source in spec.get("sources", [spec.get("source")]):
            used[spec["project"]].add(source["repoURL"])
            if "chart" in source:
                assert source["targetRevision"].replace(".", "").isdecimal(), source
    assert used == {name: set(spec["sourceRepos"]) for name, spec in projects.items()}


def test_what_is_read_from_the_cluster_is_what_terraform_writes() -> None:
    text = "".join(path.read_text() for path in sorted((K8S / "argocd").rglob("*.yaml")))
    read = set(re.findall(rf'"{PREFIX}([a-z-]+)"', text))
    table = (K8S / "argocd" / "README.md").read_text().partition("| annotation |")[2]
    listed = set(re.findall(r"^\| `([a-z-]+)`", table, re.MULTILINE))
    assert read <= listed == set(ANNOTATIONS)
    for environment in ENVIRONMENTS:
        written = (REPOSITORY / "terraform" / "environments" / environment / "argocd" / "main.tf").read_text()
        assert set(re.findall(r'^    "([a-z-]+)" +=', written, re.MULTILINE)) == listed


def test_waves_put_secrets_before_migrations_and_migrations_before_the_rest() -> None:
    for environment in ENVIRONMENTS:
        for service in services(environment):
            for each in overlay(environment, service):
                wave = int(each["metadata"].get("annotations", {}).get("argocd.argoproj.io/sync-wave", "0"))
                before = {
                    "Namespace": -3,
                    "ServiceAccount": -2,
                    "ConfigMap": -2,
                    "SecretStore": -2,
                    "ExternalSecret": -2,
                }
                expected = before.get(
                    each["kind"],
                    -1
                    if name_of(each).endswith(("-migrations", "static-files", "ensure-kafka", "ensure-databases"))
                    else 0,
                )
                special = {"PersistentVolumeClaim flink-releases": -2, "CronJob flink-ensure": 1}
                assert wave == special.get(name_of(each), expected), name_of(each)


def test_a_hook_runs_in_the_sync_and_is_made_anew() -> None:
    jobs = [each for service in services("production") for each in of_kind(overlay("production", service), "Job")]
    assert {each["metadata"]["name"] for each in jobs} == {
        *("backoffice-migrations", "catalog-migrations", "orders-migrations"),
        *("ensure-databases", "ensure-kafka", "static-files", "flink-deploy"),
    }
    for job in jobs:
        annotations = job["metadata"]["annotations"]
        assert annotations["argocd.argoproj.io/hook"] == "Sync"
        assert annotations["argocd.argoproj.io/hook-delete-policy"] == "BeforeHookCreation"


def test_argo_cd_does_not_fight_the_autoscaler() -> None:
    for environment in ENVIRONMENTS:
        for service in services(environment):
            manifests = overlay(environment, service)
            scaled = {each["spec"]["scaleTargetRef"]["name"] for each in of_kind(manifests, "HorizontalPodAutoscaler")}
            for deployment in of_kind(manifests, "Deployment"):
                assert ("replicas" in deployment["spec"]) is (
                    deployment["metadata"]["name"] not in scaled
                ) or not scaled


def test_notifications_send_what_they_define() -> None:
    (cm,) = (
        each["data"] for each in of_kind(argocd(), "ConfigMap") if each["metadata"]["name"] == "argocd-notifications-cm"
    )
    sent = {
        name
        for key, text in cm.items()
        if key.startswith("trigger.")
        for each in parse(text)
        for one in each
        for name in one["send"]
    }
    assert sent == {key.removeprefix("template.") for key in cm if key.startswith("template.")}
    (subscriptions,) = parse(cm["subscriptions"])
    triggers = {trigger for each in subscriptions for trigger in each["triggers"]}
    assert triggers == {key.removeprefix("trigger.") for key in cm if key.startswith("trigger.")}
