"""What the Flink job's commands are told is what they know, and Kafka's password comes from a secret."""

import pytest

from k8s.tests.applications import applications, deployed
from k8s.tests.manifests import ENVIRONMENTS, containers_of, of_kind, pod_of
from streaming.options import PREFIX, help_of, resolve


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_each_option_is_one_and_kafka_is_spoken_to_by_scram(environment: str) -> None:
    flink = next(each for each in applications(environment) if each["metadata"]["name"] == "flink")
    (told,) = (each["data"] for each in of_kind(deployed(flink), "ConfigMap"))
    known = {PREFIX + name.upper() for name, _, _ in help_of()}

    assert {name for name in told if name.startswith(PREFIX)} <= known
    options = resolve({}, told).options
    assert options.kafka_tls
    assert options.kafka_secret == f"projects/ecom-{environment}/secrets/ecom-{environment}-kafka"


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
