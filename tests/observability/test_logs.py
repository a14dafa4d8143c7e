"""Records on their way to Google Cloud Logging: what Fluent Bit's file says, and what the collector makes of them."""

import json
import subprocess
from typing import Any

import pytest
import yaml

from local.installation import REPOSITORY
from local.programs import GoModule
from tests.observability.rules import OBSERVABILITY

STATEMENTS = GoModule(REPOSITORY / "tests" / "observability" / "statements")  # takes minutes to build
COLLECTOR, IMPORT_FUNCTION = (
    yaml.safe_load((OBSERVABILITY / "logs" / name).read_text()) for name in ("collector.yaml", "import-function.yaml")
)

TRACE = "0af7651916cd43dd8448eb211c80319c"
RECORD = {
    "severity": "WARNING",
    "seconds": 1.5,
    "trace_id": TRACE,
    "time": "2026-11-25T12:00:00Z",
    "stream": "stdout",
    "fluentd.tag": "kube.var.log.containers.gateway-1_ecom_service-1.log",
    "kubernetes": {
        "namespace_name": "ecom",
        "pod_name": "gateway-1",
        "container_name": "service",
        "labels": {"app.kubernetes.io/name": "gateway", "app.kubernetes.io/version": "1.4.0"},
    },
}


def test_fluent_bit_reads_pods_from_the_tag_takes_secrets_out_and_sends_to_the_collector() -> None:
    file = yaml.safe_load((OBSERVABILITY / "logs" / "fluent-bit.yaml").read_text())
    ((tail,), (kubernetes, lua), (forward,)) = (file["pipeline"][part] for part in ("inputs", "filters", "outputs"))
    assert tail["tag"] == "kube.*"
    assert kubernetes["kube_tag_prefix"] == "kube." + tail["path"].rpartition("/")[0].strip("/").replace("/", ".") + "."
    assert (lua["script"], lua["call"]) == ("/fluent-bit/etc/redact.lua", "redact")
    services = yaml.safe_load_all((OBSERVABILITY / "logs" / "shipping.yaml").read_text())
    (collector,) = (each for each in services if each["kind"] == "Service")
    assert (forward["host"], forward["port"]) == (collector["metadata"]["name"], collector["spec"]["ports"][0]["port"])


def test_nothing_that_is_deployed_holds_a_key_of_google() -> None:
    credentials = json.loads((OBSERVABILITY / "logs" / "credentials.json").read_text())
    assert credentials["type"] == "external_account"
    assert "private_key" not in str([path.read_text() for path in OBSERVABILITY.rglob("*.yaml")])


def entry(body: str, attributes: dict[str, Any], *, file: dict[str, Any] = COLLECTOR) -> dict[str, Any]:
    """What the collector makes of a record; the receiver has put its `message` or `log` into the body."""
    (group,) = file["processors"]["transform/entry"]["log_statements"]
    # `$$` is the collector's way to write a dollar that is no variable of the environment.
    statements = [each.replace("$$", "$") for each in group["statements"]]
    asked = {"statements": statements, "record": {"body": body, "attributes": attributes}}
    STATEMENTS.install()
    ran = subprocess.run(
        [STATEMENTS.path], input=json.dumps(asked), text=True, capture_output=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    ((made,),) = [each["scopeLogs"][0]["logRecords"] for each in json.loads(ran.stdout)["resourceLogs"]]
    found: dict[str, Any] = made
    return found


def values(attributes: list[dict[str, Any]]) -> dict[str, Any]:
    return {each["key"]: next(iter(each["value"].values())) for each in attributes}


@pytest.mark.parametrize("file", [COLLECTOR, IMPORT_FUNCTION], ids=["pods", "import function"])
def test_every_part_of_a_collectors_way_is_there(file: dict[str, Any]) -> None:
    (way,) = file["service"]["pipelines"].values()
    for kind, names in {**way, "extensions": file["service"]["extensions"]}.items():
        assert set(names) == set(file[kind])


def test_entries_are_of_the_pod_that_wrote_them() -> None:
    assert {"k8s.namespace.name", "k8s.pod.name", "k8s.container.name"} == set(
        COLLECTOR["processors"]["groupbyattrs"]["keys"]
    )


@pytest.mark.check_all
def test_a_line_becomes_an_entry_with_severity_trace_pod_and_labels() -> None:
    made = entry("request slow", RECORD)
    assert (made["severityText"], made["severityNumber"], made["traceId"]) == ("WARNING", 13, TRACE)
    assert values(made["body"]["kvlistValue"]["values"]) == {"message": "request slow", "seconds": 1.5}
    assert values(made["attributes"]) == {
        "k8s.namespace.name": "ecom",
        "k8s.pod.name": "gateway-1",
        "k8s.container.name": "service",
        "k8s-pod/service": "gateway",
        "k8s-pod/version": "1.4.0",
    }


@pytest.mark.check_all
@pytest.mark.parametrize(("severity", "number"), [("DEBUG", 5), ("INFO", 9), ("ERROR", 17), ("CRITICAL", 21)])
def test_severities_are_googles(severity: str, number: int) -> None:
    assert entry("x", {**RECORD, "severity": severity})["severityNumber"] == number


@pytest.mark.check_all
def test_a_line_that_is_no_object_of_a_pod_that_nobody_knows_is_an_entry_too() -> None:
    made = entry("Segmentation fault", {"trace_id": "none of ours"})
    assert values(made["body"]["kvlistValue"]["values"]) == {"message": "Segmentation fault"}
    assert made.get("traceId", "") == ""


@pytest.mark.check_all
def test_a_line_of_the_import_function_becomes_an_entry_without_its_tokens() -> None:
    line = {"level": "ERROR", "message": f"refused: Bearer {TRACE}", "service": "product_bulk_import_lambda"}
    made = entry(json.dumps(line), {}, file=IMPORT_FUNCTION)
    assert (made["severityText"], made["severityNumber"]) == ("ERROR", 17)
    assert values(made["body"]["kvlistValue"]["values"]) == {**line, "message": "refused: Bearer [redacted]"}
    assert entry("INIT_START Runtime", {}, file=IMPORT_FUNCTION)["body"] == {"stringValue": "INIT_START Runtime"}
