"""Kubernetes itself, without nodes, takes the overlays' autoscalers and acts on them: up in a spike, down after it.

The load is that of k6's profile `spike`, fifteen times as fast, and so are the autoscaler's own windows; all else is as
it is deployed. Only what nodes and metrics-server would say is made up.
"""

import copy
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from k8s.tests.control_plane import MERGE, ApiServer, ControllerManager, Etcd
from k8s.tests.manifests import ENVIRONMENTS, REPOSITORY, Manifest, of_kind, overlay
from k8s.tests.metered_pods import PODS, MeteredPods
from k8s.tests.policies import quantity
from local.programs_for_tests import LONG
from local.servers import free_port

FASTER = 15
TARGETS = (("cpu", 60), ("memory", 80))
SCALED = ("gateway", "activity", "gateway-stream")
# With how much of what they request the fewest pods carry the shop's ordinary load.
ORDINARY = 0.4
TOLERANCE = 1.1  # the autoscaler's own: within it nothing is changed

pytestmark = pytest.mark.check_all


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    for program in LONG:
        program.install()
    directory = tmp_path_factory.mktemp("kubernetes")
    with (
        Etcd(directory / "etcd", free_port()) as etcd,
        ApiServer(directory / "api", free_port(), etcd) as server,
        ControllerManager(directory / "controllers", free_port(), server),
    ):
        server.call("POST", "/api/v1/namespaces", {"metadata": {"name": "ecom"}})
        yield server


@pytest.fixture(scope="module")
def pods(api: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MeteredPods]:
    with MeteredPods(api, tmp_path_factory.mktemp("metrics")) as metered:
        yield metered


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_server_takes_the_overlays_as_they_are(api: ApiServer, environment: str) -> None:
    for service in SCALED:
        (scaler,) = of_kind(overlay(environment, service), "HorizontalPodAutoscaler")
        taken = api.call("POST", f"{SCALERS}?dryRun=All&fieldValidation=Strict", scaler)
        assert taken["spec"]["metrics"] == scaler["spec"]["metrics"]
        targets = [(each["resource"]["name"], each["resource"]["target"]) for each in taken["spec"]["metrics"]]
        assert targets == [(name, {"type": "Utilization", "averageUtilization": at}) for name, at in TARGETS]
        assert taken["spec"]["minReplicas"] < taken["spec"]["maxReplicas"]


SCALERS = "/apis/autoscaling/v2/namespaces/ecom/horizontalpodautoscalers"
DEPLOYMENTS = "/apis/apps/v1/namespaces/ecom/deployments"


def faster(scaler: Manifest) -> Manifest:
    """The same autoscaler with its windows and periods shortened."""
    made = copy.deepcopy(scaler)
    for direction in made["spec"]["behavior"].values():
        direction["stabilizationWindowSeconds"] //= FASTER
        for policy in direction["policies"]:
            policy["periodSeconds"] = max(1, policy["periodSeconds"] // FASTER)
    return made


class Deployed:
    """A service and its autoscaler in the cluster."""

    def __init__(self, api: ApiServer, service: str) -> None:
        manifests = overlay("production", service)
        (deployment,), (scaler,) = of_kind(manifests, "Deployment"), of_kind(manifests, "HorizontalPodAutoscaler")
        self._api, self._scaler = api, f"{SCALERS}/{service}"
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        requests = container["resources"]["requests"]
        self.cpu, self.memory = quantity(requests["cpu"]), quantity(requests["memory"])
        self.least, self.most = scaler["spec"]["minReplicas"], scaler["spec"]["maxReplicas"]
        api.call("POST", DEPLOYMENTS, deployment)
        api.call("POST", SCALERS, faster(scaler))

    def desired(self) -> int:
        """What the autoscaler wants now."""
        return int(self._api.call("GET", self._scaler)["status"].get("desiredReplicas", 0))

    def wait_for(self, wanted: int, seconds: float = 60) -> list[int]:
        """What it wanted until it wanted so many pods."""
        seen, until = [self.desired()], time.monotonic() + seconds
        while seen[-1] != wanted:
            assert time.monotonic() < until, f"not {wanted} pods, but {seen[-1]}: {self._api.call('GET', self._scaler)}"
            time.sleep(0.5)  # a look at what goes on; nothing is awaited here
            seen.append(self.desired())
        return seen

    def remove(self) -> None:
        """Take it out again, pods too."""
        self._api.call("DELETE", self._scaler)
        name = self._scaler.rpartition("/")[2]
        mine = f"?labelSelector=app.kubernetes.io/name%3D{name}"
        self._api.call("PATCH", f"{DEPLOYMENTS}/{name}", {"spec": {"replicas": 0}}, MERGE)
        until = time.monotonic() + 60
        while self._api.call("GET", PODS + mine)["items"]:
            assert time.monotonic() < until, "pods are left"
            time.sleep(0.5)  # nothing tells when they have gone
        self._api.call("DELETE", f"{DEPLOYMENTS}/{name}")
        self._api.call("DELETE", f"/apis/apps/v1/namespaces/ecom/replicasets{mine}")


def spike_stages() -> list[tuple[float, float]]:
    """Seconds and times the ordinary rate at their end, of k6's profile."""
    source = (REPOSITORY / "k6" / "profiles.js").read_text()
    (stages,) = re.findall(r"^  spike: (\[\[.*\]\]),$", source, re.MULTILINE)
    return [(seconds, times) for seconds, times in json.loads(stages)]


def load_at(seconds: float) -> float:
    """Times the ordinary load, so many seconds after the spike's profile began."""
    before = spike_stages()[0][1]
    for length, after in spike_stages():
        if seconds < length:
            return before + (after - before) * seconds / length
        seconds, before = seconds - length, after
    return before


@pytest.mark.parametrize("service", SCALED)
def test_a_spike_of_k6_brings_pods_and_its_end_takes_them_away(api: ApiServer, pods: MeteredPods, service: str) -> None:
    pods.usage = lambda running, age: (0.1, 1.0)
    deployed = Deployed(api, service)
    deployed.wait_for(deployed.least)
    ordinary = ORDINARY * deployed.least * deployed.cpu
    begun = time.monotonic()

    def usage(running: int, age: float) -> tuple[float, float]:
        return min(
            2 * deployed.cpu, ordinary * load_at((time.monotonic() - begun) * FASTER) / running
        ), 0.5 * deployed.memory

    pods.usage = usage
    seconds = sum(length for length, _ in spike_stages()) / FASTER
    desired = [deployed.desired()]
    while time.monotonic() < begun + seconds:
        time.sleep(0.5)  # a look at what goes on
        desired.append(deployed.desired())
    desired += deployed.wait_for(deployed.least, seconds=180)
    deployed.remove()
    needed = min(deployed.most, int(8 * ORDINARY * deployed.least / 0.6 / TOLERANCE))
    assert needed <= max(desired) <= deployed.most
    peak = desired.index(max(desired))
    assert sorted(desired[: peak + 1]) == desired[: peak + 1]
    down = desired[len(desired) - desired[::-1].index(max(desired)) :]
    assert len(set(down)) > 2 or max(desired) - deployed.least < 3, "they go step by step"


@pytest.mark.parametrize("service", ["gateway", "activity"])
def test_pods_full_of_memory_are_joined_by_others_until_workers_give_it_back(
    api: ApiServer, pods: MeteredPods, service: str
) -> None:
    pods.usage = lambda running, age: (0.1, 1.0)
    deployed = Deployed(api, service)
    deployed.wait_for(deployed.least)
    pods.usage = lambda running, age: (0.05, 0.95 * deployed.memory)  # and it does not become less by more pods
    deployed.wait_for(deployed.most, seconds=120)
    pods.usage = lambda running, age: (0.05, 0.45 * deployed.memory)  # workers were replaced
    deployed.wait_for(deployed.least, seconds=240)
    deployed.remove()


def test_the_clock_alone_is_changed(tmp_path: Path) -> None:
    (scaler,) = of_kind(overlay("production", "gateway"), "HorizontalPodAutoscaler")
    changed = faster(scaler)
    assert changed["spec"]["behavior"]["scaleDown"]["stabilizationWindowSeconds"] == 300 // FASTER
    assert {**changed["spec"], "behavior": None} == {**scaler["spec"], "behavior": None}
