"""What every manifest must keep to. Each policy yields what breaks it, as text."""

import base64
import re
from collections.abc import Callable, Iterator

from k8s.tests.manifests import WORKLOADS, Manifest, containers_of, name_of, of_kind, pod_of

Policy = Callable[[list[Manifest]], Iterator[str]]
# Values that look like a secret: a private key, an AWS key, a token, a password in an address.
SECRETS = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\beyJ[\w-]{20,}\.|\w+://[^/\s:@]+:[^@\s/]+@")
SECRET_NAMES = re.compile(r"(PASSWORD|SECRET_KEY|SIGNING_KEY|CLIENT_SECRET|_DSN|TOKEN)$")


def runs_as_nobody(manifests: list[Manifest]) -> Iterator[str]:
    """Pods and containers are those of the restricted pod security standard, and write to nothing but volumes."""
    for workload in of_kind(manifests, *WORKLOADS):
        pod = pod_of(workload)["spec"]
        yield from (f"{name_of(workload)} {fault}" for fault in _faults_of_pod(pod))
        for container in containers_of(workload):
            own = container.get("securityContext", {})
            yield from (f"{name_of(workload)}: {container['name']} {fault}" for fault in _faults_of_container(own))


def _faults_of_pod(pod: Manifest) -> Iterator[str]:
    security = pod.get("securityContext", {})
    if not (security.get("runAsNonRoot") and security.get("runAsUser", 0) > 0):
        yield "may run as root"
    if security.get("seccompProfile") != {"type": "RuntimeDefault"}:
        yield "has no seccomp profile"
    if any(pod.get(shared) for shared in ("hostNetwork", "hostPID", "hostIPC")):
        yield "shares something with its node"
    if any("hostPath" in volume for volume in pod.get("volumes", ())):
        yield "mounts its node's files"


def _faults_of_container(security: Manifest) -> Iterator[str]:
    if security.get("allowPrivilegeEscalation") is not False or security.get("privileged"):
        yield "may gain rights"
    if security.get("capabilities") != {"drop": ["ALL"]}:
        yield "keeps capabilities"
    if security.get("readOnlyRootFilesystem") is not True:
        yield "may write to its image"


def has_bounds(manifests: list[Manifest]) -> Iterator[str]:
    """Every container says what it needs and has a limit of memory and CPU, above what it asks for."""
    for workload in of_kind(manifests, *WORKLOADS):
        for container in containers_of(workload):
            resources = container.get("resources", {})
            for what in ("cpu", "memory"):
                asked, limit = (resources.get(part, {}).get(what) for part in ("requests", "limits"))
                if asked is None or limit is None:
                    yield f"{name_of(workload)}: {container['name']} has no bounds of {what}"
                elif quantity(limit) <= quantity(asked):
                    yield f"{name_of(workload)}: {container['name']} has no room above its request of {what}"


def quantity(text: str) -> float:
    """A quantity of Kubernetes, such as 250m or 1Gi, as a number."""
    units = {"m": 1e-3, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
    unit = next((each for each in units if text.endswith(each)), "")
    return float(text.removesuffix(unit)) * units.get(unit, 1)


def is_probed(manifests: list[Manifest]) -> Iterator[str]:
    """What runs for ever says when it has started, lives and is ready."""
    for workload in of_kind(manifests, "Deployment", "StatefulSet"):
        for container in pod_of(workload)["spec"]["containers"]:
            for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                if probe not in container:
                    yield f"{name_of(workload)}: {container['name']} has no {probe}"


def has_a_version(manifests: list[Manifest]) -> Iterator[str]:
    """Images are named by a tag or digest that says which one it is."""
    for workload in of_kind(manifests, *WORKLOADS):
        for container in containers_of(workload):
            tag = container["image"].rpartition("/")[2].partition(":")[2]
            if not tag or tag == "latest":
                yield f"{name_of(workload)}: {container['image']} may be anything"


def keeps_secrets(manifests: list[Manifest]) -> Iterator[str]:
    """Nothing secret is in clear: there is no Secret, no variable and no text that looks like one."""
    for manifest in manifests:
        if manifest["kind"] == "Secret":
            yield f"{name_of(manifest)} is a secret in Git"
        if any(SECRETS.search(text) or SECRETS.search(_decoded(text)) for text in _texts(manifest)):
            yield f"{name_of(manifest)} holds what looks like a secret"
        yield from (f"{name_of(manifest)} holds {name}" for name in _named(manifest) if SECRET_NAMES.search(name))


def _named(manifest: Manifest) -> Iterator[str]:
    """The names of the values that a manifest has in clear, as far as programs are told them."""
    if manifest["kind"] == "ConfigMap":
        yield from manifest.get("data", {})
    if manifest["kind"] in WORKLOADS:
        for container in containers_of(manifest):
            yield from (each["name"] for each in container.get("env", ()) if "value" in each)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return ""


def has_a_network_policy(manifests: list[Manifest]) -> Iterator[str]:
    """Each workload is selected by a policy for both directions; none opens a pod to everybody."""
    policies = [each["spec"] for each in of_kind(manifests, "NetworkPolicy")]
    for workload in of_kind(manifests, *WORKLOADS):
        labels = pod_of(workload)["metadata"]["labels"].items()
        mine = [each for each in policies if each["podSelector"].get("matchLabels", {}).items() <= labels]
        named = [each for each in mine if each["podSelector"].get("matchLabels")]
        if {kind for each in named for kind in each["policyTypes"]} != {"Ingress", "Egress"}:
            yield f"{name_of(workload)} has no network policy for both directions"
        for rule in [rule for each in mine for rule in (*each.get("ingress", ()), *each.get("egress", ()))]:
            if not (rule.get("from") or rule.get("to")) or not rule.get("ports"):
                yield f"{name_of(workload)} is open to everybody, or on every port"


def keeps_within(networks: set[str], manifests: list[Manifest]) -> Iterator[str]:
    """Addresses in network policies are those of these networks; all others are reached by TLS's and mail's ports."""
    for policy in of_kind(manifests, "NetworkPolicy"):
        rules = [*policy["spec"].get("ingress", ()), *policy["spec"].get("egress", ())]
        for rule in rules:
            ports = {each["port"] for each in rule["ports"]}
            for peer in (*rule.get("from", ()), *rule.get("to", ())):
                cidr = peer.get("ipBlock", {}).get("cidr")
                outside = cidr == "0.0.0.0/0" and "to" in rule and ports <= {443, 465, 587}
                if cidr and cidr not in networks and not outside:
                    yield f"{name_of(policy)} has {cidr} for {sorted(map(str, ports))}"


def has_an_identity_of_its_own(manifests: list[Manifest]) -> Iterator[str]:
    """A service account with a cloud role, and no token for Kubernetes' own interface."""
    accounts = {each["metadata"]["name"]: each for each in of_kind(manifests, "ServiceAccount")}
    for workload in of_kind(manifests, *WORKLOADS):
        pod = pod_of(workload)["spec"]
        account = accounts.get(pod.get("serviceAccountName", "default"))
        if account is None:
            yield f"{name_of(workload)} has no service account of its own"
        elif "eks.amazonaws.com/role-arn" not in account["metadata"].get("annotations", {}):
            yield f"{name_of(account)} has no role"
        if pod.get("automountServiceAccountToken") is not False:
            yield f"{name_of(workload)} has a token for Kubernetes"


def survives_a_node(manifests: list[Manifest]) -> Iterator[str]:
    """Deployments are spread over zones and nodes are emptied one pod of them at a time."""
    budgets = [each["spec"]["selector"]["matchLabels"].items() for each in of_kind(manifests, "PodDisruptionBudget")]
    for workload in of_kind(manifests, "Deployment"):
        pod = pod_of(workload)
        labels = pod["metadata"]["labels"].items()
        if not any(budget <= labels for budget in budgets):
            yield f"{name_of(workload)} has no disruption budget"
        spreads = pod["spec"].get("topologySpreadConstraints", ())
        zones = [each for each in spreads if each["topologyKey"] == "topology.kubernetes.io/zone"]
        if not any(each["labelSelector"]["matchLabels"].items() <= labels for each in zones):
            yield f"{name_of(workload)} is not spread over zones"


POLICIES: tuple[Policy, ...] = (
    *(runs_as_nobody, has_bounds, is_probed, has_a_version, keeps_secrets),
    *(has_a_network_policy, has_an_identity_of_its_own, survives_a_node),
)
