"""The continuous integration builds, signs and names images; it has neither the means nor the right to deploy."""

import re

import yaml

from k8s.tests.manifests import REPOSITORY

WORKFLOW = (REPOSITORY / ".github" / "workflows" / "image.yaml").read_text()
JOBS = yaml.safe_load(WORKFLOW)["jobs"]
COMMANDS = "\n".join(step.get("run", "") for job in JOBS.values() for step in job["steps"])


def test_it_has_no_tool_that_deploys() -> None:
    assert not re.search(r"\b(kubectl|argocd|helm|kustomize|terraform)\b", COMMANDS)


def test_every_job_has_the_rights_that_it_needs_and_no_others() -> None:
    assert yaml.safe_load(WORKFLOW)["permissions"] == {}
    assert {name: job["permissions"] for name, job in JOBS.items()} == {
        "test": {"contents": "read"},
        "build": {"contents": "read", "id-token": "write"},
        "name-it": {"contents": "write"},
    }


def test_what_others_wrote_is_pinned_and_nothing_is_kept_secret_in_it() -> None:
    used = [step["uses"] for job in JOBS.values() for step in job["steps"] if "uses" in step]
    assert all(re.fullmatch(r"[\w/.-]+@v\d+\.\d+\.\d+", each) for each in used)
    assert "secrets." not in WORKFLOW


def test_it_signs_and_lists_the_parts_of_both_images_and_names_them_in_dev_alone() -> None:
    images = [each["image"] for each in JOBS["build"]["strategy"]["matrix"]["include"]]
    assert images == ["ecom", "ecom-streaming"]
    assert all((REPOSITORY / each["file"]).exists() for each in JOBS["build"]["strategy"]["matrix"]["include"])
    for command in ("cosign sign", "syft scan", "cosign attest"):
        assert command in COMMANDS
    assert set(re.findall(r"k8s/overlays/(\w+)/", COMMANDS)) == {"dev"}
