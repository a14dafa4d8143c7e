"""What the Flink job's commands are told is what they know, and Kafka's password comes from a secret."""

import pytest

from k8s.tests.applications import applications, deployed
from k8s.tests.manifests import ENVIRONMENTS, containers_of, of_kind, pod_of
from streaming.dataproc_jobs import NEEDED
from streaming.options import DATAPROC, PREFIX, help_of, resolve


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_each_option_is_one_and_kafka_is_spoken_to_by_scram(environment: str) -> None:
    flink = next(each for each in applications(environment) if each["metadata"]["name"] == "flink")
    (told,) = (each["data"] for each in of_kind(deployed(flink), "ConfigMap"))
    known = {PREFIX + name.upper() for name, _, _ in help_of()}

    assert {name for name in told if name.startswith(PREFIX)} <= known
    options = resolve({}, told).options
    assert options.kafka_tls
    assert options.kafka_secret == f"projects/ecom-{environment}/secrets/ecom-{environment}-kafka"
    assert options.target == DATAPROC
    assert options.checkpoints == f"gs://ecom-{environment}-flink/checkpoints"
    assert [name for name in NEEDED if not getattr(options, name) or "set-by" in getattr(options, name)] == []


def test_a_release_has_its_environment_and_one_version_is_packaged_deployed_and_ensured() -> None:
    flink = next(each for each in applications("production") if each["metadata"]["name"] == "flink")
    found = [each for workload in of_kind(deployed(flink), "Job", "CronJob") for each in containers_of(workload)]
    (version,) = {container["image"].rpartition(":")[2] for container in found}
    told = {container["name"]: container["args"][3:] for container in found}

    assert told["package"] == ["package", "--version", version, "--environment"]
    assert told["deploy"][:4] == ["deploy", "--json", "--version", version]
    assert told["ensure"] == ["ensure", "--json", "--version", version]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_nodes_are_found_by_their_names_and_called_on_the_jobs_port_and_yarns(environment: str) -> None:
    flink = next(each for each in applications(environment) if each["metadata"]["name"] == "flink")
    manifests = deployed(flink)

    for workload in of_kind(manifests, "Job", "CronJob"):
        assert pod_of(workload)["spec"]["dnsConfig"] == {"searches": [f"europe-west3-b.c.ecom-{environment}.internal"]}
    policy = next(each for each in of_kind(manifests, "NetworkPolicy") if each["metadata"]["name"] == "flink")
    assert [each["port"] for each in policy["spec"]["egress"][1]["ports"]] == [8081, 8088]


def test_the_commands_that_ask_kafka_have_its_password_and_no_other_has() -> None:
    flink = next(each for each in applications("production") if each["metadata"]["name"] == "flink")
    manifests = deployed(flink)
    (secret,) = of_kind(manifests, "ExternalSecret")
    given = {
        container["name"]: {"secretRef": {"name": secret["metadata"]["name"]}} in container["envFrom"]
        for workload in of_kind(manifests, "Job", "CronJob")
        for container in containers_of(workload)
    }

    assert given == {"package": False, "deploy": True, "ensure": True}
    assert {each["secretKey"] for each in secret["spec"]["data"]} == {"KAFKA_USERNAME", "KAFKA_PASSWORD"}
    (store,) = of_kind(manifests, "SecretStore")
    reader = store["spec"]["provider"]["aws"]["auth"]["jwt"]["serviceAccountRef"]["name"]
    assert {reader} == {
        pod_of(workload)["spec"]["serviceAccountName"] for workload in of_kind(manifests, "Job", "CronJob")
    }
