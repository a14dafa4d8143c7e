"""What Kustomize makes of the folders under k8s/, and where its parts are."""

import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from local.programs_for_tests import KUSTOMIZE

K8S = Path(__file__).resolve().parents[1]
REPOSITORY = K8S.parent
ENVIRONMENTS = ("dev", "staging", "production")
WORKLOADS = ("Deployment", "Job", "CronJob", "StatefulSet", "DaemonSet")

Manifest = dict[str, Any]


def services(environment: str) -> list[str]:
    """The folders of an overlay that are deployed, each as an Application of its own."""
    folders = sorted(path.parent for path in (K8S / "overlays" / environment).glob("*/kustomization.yaml"))
    return [folder.name for folder in folders if "kind: Kustomization" in (folder / "kustomization.yaml").read_text()]


OVERLAYS = [(environment, service) for environment in ENVIRONMENTS for service in services(environment)]


def build_text(folder: Path) -> str:
    """The manifests of a folder, as Argo CD builds them. Raises CalledProcessError with Kustomize's reason."""
    command = [KUSTOMIZE.path, "build", folder]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


@cache
def overlay_text(environment: str, service: str) -> str:
    """The manifests of one service in one environment."""
    return build_text(K8S / "overlays" / environment / service)


def parse(text: str) -> list[Manifest]:
    """The manifests of a stream of YAML documents."""
    return [each for each in yaml.load_all(text, Loader=yaml.CSafeLoader) if each]


def overlay(environment: str, service: str) -> list[Manifest]:
    """The manifests of one service in one environment, parsed."""
    return parse(overlay_text(environment, service))


def of_kind(manifests: list[Manifest], *kinds: str) -> list[Manifest]:
    """Those of some kinds."""
    return [each for each in manifests if each["kind"] in kinds]


def name_of(manifest: Manifest) -> str:
    """Kind and name, to tell a person which one it is."""
    return f"{manifest['kind']} {manifest['metadata']['name']}"


def pod_of(workload: Manifest) -> Manifest:
    """A workload's pod template."""
    spec = workload["spec"]["jobTemplate"]["spec"] if workload["kind"] == "CronJob" else workload["spec"]
    template: Manifest = spec["template"]
    return template


def containers_of(workload: Manifest) -> list[Manifest]:
    """All containers of a workload, those of its start too."""
    spec = pod_of(workload)["spec"]
    return [*spec.get("initContainers", ()), *spec["containers"]]
