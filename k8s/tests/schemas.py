"""kubeconform, strict, with the schemas of two Kubernetes versions and of the custom kinds."""

import subprocess

from k8s.tests.manifests import REPOSITORY
from local.programs_for_tests import KUBECONFORM

VERSIONS = ("1.33.0", "1.37.0")
LOCAL_COPY = REPOSITORY.parent / "shared" / "kubernetes" / "schemas"
# Where there is no copy of the schemas, they come from where kubeconform itself looks, and from its catalogue of CRDs.
CATALOGUE = "https://raw.githubusercontent.com/datreeio/CRDs-catalog/main/{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json"


def _locations() -> list[str]:
    if not LOCAL_COPY.exists():
        return ["default", CATALOGUE]
    return [
        f"{LOCAL_COPY}/{{{{ .NormalizedKubernetesVersion }}}}/{{{{ .ResourceKind }}}}{{{{ .KindSuffix }}}}.json",
        f"{LOCAL_COPY}/crds/{{{{ .Group }}}}/{{{{ .ResourceKind }}}}_{{{{ .ResourceAPIVersion }}}}.json",
    ]


def violations(manifests: str, version: str) -> str:
    """What does not fit the schemas of a Kubernetes version, as text; empty where all does."""
    locations = [argument for location in _locations() for argument in ("-schema-location", location)]
    command = [KUBECONFORM.path, "-strict", "-kubernetes-version", version, *locations]
    done = subprocess.run(command, input=manifests, capture_output=True, text=True, timeout=300, check=False)
    return done.stdout + done.stderr if done.returncode else ""
