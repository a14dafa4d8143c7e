"""What the real Fluent Bit, with the shipped configuration, sends of a container's line.

No registry that the tests install from has it; k8s/observability/README.md says how to build it. Where it is absent,
its file is held by test_logs.py and its script by test_redaction.py.
"""

import json
import os
import shutil
from collections.abc import Iterator

import pytest

from local.servers import free_port
from tests.observability.fluent_bit import LABELS, FluentBit, kubernetes_that_knows_pods
from tests.observability.forwarded import Forwarded, forwarded
from tests.tokens import token

pytestmark = [
    pytest.mark.check_all,
    pytest.mark.skipif(not shutil.which("fluent-bit"), reason="there is no fluent-bit on the PATH"),
    pytest.mark.skipif(os.geteuid() != 0, reason="a mount namespace needs root"),
]
TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture(scope="module")
def collector() -> Iterator[Forwarded]:
    with forwarded() as server:
        yield server


@pytest.fixture(scope="module")
def node(collector: Forwarded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FluentBit]:
    with (
        kubernetes_that_knows_pods() as kubernetes,
        FluentBit(tmp_path_factory.mktemp("node"), free_port(), collector.port, kubernetes) as fluent_bit,
    ):
        yield fluent_bit


def test_a_line_of_a_container_is_a_record_of_its_pod_without_its_secrets(
    node: FluentBit, collector: Forwarded
) -> None:
    said = {"severity": "WARNING", "message": f"slow for {token('U1')}", "trace_id": TRACE, "password": "hunter2"}
    ((tag, record),) = collector.after(lambda: node.write("gateway-1", "F " + json.dumps(said)))
    assert tag.startswith("kube.var.log.containers.gateway-1_ecom_service-")
    assert said | {"message": "slow for [redacted]", "password": "[redacted]"} == {name: record[name] for name in said}
    assert {
        name: record["kubernetes"][name] for name in ("namespace_name", "pod_name", "container_name", "labels")
    } == {
        **{"namespace_name": "ecom", "pod_name": "gateway-1", "container_name": "service"},
        "labels": LABELS,
    }


def test_a_line_that_the_runtime_cut_in_two_is_one_record(node: FluentBit, collector: Forwarded) -> None:
    text = json.dumps({"severity": "INFO", "message": "long"})
    ((_, record),) = collector.after(lambda: node.write("orders-1", "P " + text[:20], "F " + text[20:]))
    assert (record["severity"], record["message"]) == ("INFO", "long")


def test_a_line_that_is_no_object_is_a_record_without_its_secrets(node: FluentBit, collector: Forwarded) -> None:
    ((_, record),) = collector.after(lambda: node.write("catalog-1", "F Traceback: Bearer abc.def-1=="))
    assert (record["log"], record["kubernetes"]["pod_name"]) == ("Traceback: Bearer [redacted]", "catalog-1")
