"""The Applications that Argo CD makes of the ApplicationSets, and what each of them deploys.

Templates are rendered by Go's own engine with sprig's functions, as the controller does; the generators (clusters, git
directories, the matrix of both) are done here, as far as these files use them.
"""

import fnmatch
import itertools
import json
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from k8s.tests.manifests import ENVIRONMENTS, K8S, REPOSITORY, Manifest, build_text, of_kind, parse
from local.programs_for_tests import KUSTOMIZE, TEMPLATES

PREFIX = "ecom.shop.example/"
# What Terraform writes (terraform/environments/*/argocd), with values of their forms.
ANNOTATIONS = {
    "environment": "ENVIRONMENT",
    "domain": "ENVIRONMENT.shop.example",
    "git-repository": "https://github.com/example/ecom-platform.git",
    "git-revision": "main",
    "aws-account-id": "123456789012",
    "aws-region": "eu-central-1",
    "image-repository": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/ecom",
    "msk-bootstrap": "b-1.ecom.kafka.eu-central-1.amazonaws.com:9098,b-2.ecom.kafka.eu-central-1.amazonaws.com:9098",
    "msk-bootstrap-scram": "b-1.ecom.kafka.eu-central-1.amazonaws.com:9096",
    "postgres-host": "ecom.rds.eu-central-1.amazonaws.com",
    "postgres-secret": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!db-1",
    "certificate-arn": "arn:aws:acm:eu-central-1:123456789012:certificate/1",
    "vpc-id": "vpc-1",
    "waf-arn": "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/ecom/1",
    "sqs-prefix": "https://sqs.eu-central-1.amazonaws.com/123456789012/ecom-",
    "static-bucket": "ecom-ENVIRONMENT-static",
    "uploads-bucket": "ecom-ENVIRONMENT-product-uploads",
    "reports-bucket": "ecom-ENVIRONMENT-import-reports",
    "gcp-project": "ecom-ENVIRONMENT",
    "gcp-region": "europe-west3",
    "gcp-zone": "europe-west3-b",
    "gcp-audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ecom/providers/eks",
    "dataproc-cluster": "ecom-ENVIRONMENT",
    "flink-bucket": "ecom-ENVIRONMENT-flink",
}


def cluster(environment: str) -> Manifest:
    """The parameters that the clusters generator takes from the secret of an environment's cluster."""
    annotations = {PREFIX + name: value.replace("ENVIRONMENT", environment) for name, value in ANNOTATIONS.items()}
    return {
        "name": "in-cluster",
        "server": "https://kubernetes.default.svc",
        "metadata": {"labels": {"environment": environment}, "annotations": annotations},
    }


def argocd() -> list[Manifest]:
    """What the root Application deploys."""
    return parse(build_text(K8S / "argocd"))


@cache
def applications(environment: str) -> tuple[Manifest, ...]:
    """Every Application of an environment's cluster. Raises CalledProcessError where a template cannot be rendered."""
    return tuple(
        render(each["spec"]["template"], parameters)
        for each in of_kind(argocd(), "ApplicationSet")
        for generator in each["spec"]["generators"]
        for parameters in _generate(generator, cluster(environment), {})
    )


def render(value: Any, parameters: Manifest) -> Any:
    """The value with every template in it rendered."""
    request = json.dumps({"value": value, "parameters": parameters})
    command = [TEMPLATES.path]
    return json.loads(subprocess.run(command, input=request, capture_output=True, text=True, check=True).stdout)


def _generate(generator: Manifest, found: Manifest, known: Manifest) -> Iterator[Manifest]:
    """The parameter sets of a generator, given those of the generators before it in a matrix."""
    ((kind, spec),) = generator.items()
    if kind == "matrix":
        first, second = spec["generators"]
        for parameters in _generate(first, found, known):
            for more in _generate(second, found, parameters):
                yield {**parameters, **more}
    elif kind == "clusters":
        labels = found["metadata"]["labels"]
        if all(each["operator"] == "Exists" and each["key"] in labels for each in spec["selector"]["matchExpressions"]):
            yield found
    else:
        yield from _directories(render(spec["directories"], known))


def _directories(patterns: list[Manifest]) -> Iterator[Manifest]:
    folders = sorted({str(path.parent.relative_to(REPOSITORY)) for path in K8S.rglob("kustomization.yaml")})
    for folder in folders:
        matching = [
            each for each in patterns if fnmatch.fnmatch(folder, each["path"]) and _as_deep(folder, each["path"])
        ]
        if matching and not any(each.get("exclude") for each in matching):
            yield {"path": {"path": folder, "basename": folder.rpartition("/")[2]}}


def _as_deep(folder: str, pattern: str) -> bool:
    return folder.count("/") == pattern.count("/")


def deployed(application: Manifest) -> list[Manifest]:
    """The manifests that Argo CD builds for an Application of ours: its folder, with patches and images."""
    source = application["spec"]["source"]
    given = source.get("kustomize", {})
    with tempfile.TemporaryDirectory(dir=K8S) as folder:
        path = Path(folder)
        lines = {"resources": [f"../{Path(source['path']).relative_to('k8s')}"], "patches": given.get("patches", [])}
        (path / "kustomization.yaml").write_text(json.dumps(lines))  # JSON is YAML
        for image in given.get("images", ()):
            subprocess.run([KUSTOMIZE.path, "edit", "set", "image", image], cwd=path, check=True, capture_output=True)
        return parse(build_text(path))


@cache
def everything_deployed() -> tuple[tuple[str, str, Manifest], ...]:
    """Environment, Application and manifest of everything that comes from this repository."""
    return tuple(
        (environment, application["metadata"]["name"], manifest)
        for environment, application in itertools.chain.from_iterable(
            ((environment, each) for each in applications(environment)) for environment in ENVIRONMENTS
        )
        if "path" in application["spec"].get("source", {})
        for manifest in deployed(application)
    )
