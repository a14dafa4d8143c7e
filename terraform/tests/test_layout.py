"""What can be told of the Terraform code by reading it."""

import json
import re
from pathlib import Path

import boto3
import pytest

from ecom.celery import VISIBILITY_SECONDS
from ecom.services import DATABASES, SERVICES, Backend
from local.provision import RECEIVES, TABLES
from local.servers import Moto, free_port
from terraform import costs, environment, readmes
from terraform.environment import ENVIRONMENTS, ORDER
from terraform.tests.tool import TERRAFORM, copied

KUBERNETES = TERRAFORM.parent / "k8s"


def text(*parts: str) -> str:
    return TERRAFORM.joinpath(*parts).read_text()


@pytest.mark.parametrize("state", ORDER)
@pytest.mark.parametrize("name", ["staging", "production"])
def test_environments_differ_only_by_their_values(state: str, name: str) -> None:
    ours = {file.name: file.read_text() for file in (TERRAFORM / "environments" / name / state).glob("*.tf")}
    devs = {file.name: file.read_text() for file in (TERRAFORM / "environments" / "dev" / state).glob("*.tf")}

    assert {file: content.replace(f"ecom-{name}-", "ecom-dev-") for file, content in ours.items()} == devs
    assert ours["main.tf"] == devs["main.tf"]


def test_values_have_the_same_names_and_different_networks() -> None:
    values = {name: text("environments", name, "values", "outputs.tf") for name in ENVIRONMENTS}
    assert (
        len({tuple(re.findall(r"^ *(?:output )?\"?(\w+)\"? *[={]", each, re.MULTILINE)) for each in values.values()})
        == 1
    )

    for unique in ("aws_account_id", "aws_cidr", "google_cidr", "domain", "google_project", "inside_octet"):
        assert len({re.search(rf"{unique} += (.+)", each)[1] for each in values.values()}) == 3  # type: ignore[index]


@pytest.mark.parametrize("state", ORDER)
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_each_state_is_remote_locked_and_encrypted(name: str, state: str) -> None:
    backend = text("environments", name, state, "backend.tf")

    assert f'bucket       = "{environment.bucket_of(name)}"' in backend
    assert f'key          = "{state}.tfstate"' in backend
    assert f'region       = "{environment.REGION}"' in backend
    assert "use_lockfile = true" in backend
    assert "encrypt      = true" in backend
    assert f'"{environment.bucket_of(name)}"' in text("environments", name, "values", "outputs.tf")


def test_the_bucket_of_the_states_is_made_once_and_is_private(tmp_path: Path) -> None:
    with Moto(tmp_path, free_port()) as moto:
        s3 = boto3.client(
            "s3",
            endpoint_url=moto.endpoint,
            region_name=environment.REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )
        for _ in range(2):
            environment.ensure_bucket(s3, "ecom-dev-terraform-state")

        assert s3.get_bucket_versioning(Bucket="ecom-dev-terraform-state")["Status"] == "Enabled"
        blocks = s3.get_public_access_block(Bucket="ecom-dev-terraform-state")["PublicAccessBlockConfiguration"]
        assert all(blocks.values())
        assert len(blocks) == 4
        assert "SecureTransport" in s3.get_bucket_policy(Bucket="ecom-dev-terraform-state")["Policy"]


def test_every_module_has_a_readme_with_its_tables_an_example_and_a_test() -> None:
    assert list(readmes.outdated()) == []
    for folder in readmes.folders():
        assert f"/{folder.name}" in (folder / "README.md").read_text()
        assert folder.parent.name == "stacks" or list(folder.glob("tests/*.tftest.hcl"))


def test_every_billable_resource_has_a_line() -> None:
    lines, assumptions = costs.read()
    sums = {name: sum(line.monthly(assumptions[name]) for line in lines) for name in ENVIRONMENTS}

    assert sums["dev"] < sums["staging"] < sums["production"]
    names = {part for line in lines for part in line.quantity if isinstance(part, str)}
    assert names == set(assumptions["dev"])


def test_a_resource_without_a_line_stops_the_sum(tmp_path: Path) -> None:
    copy = copied(tmp_path)
    (copy / "modules" / "queue" / "cache.tf").write_text('resource "aws_elasticache_cluster" "this" {\n}\n')

    with pytest.raises(costs.Incomplete, match="aws_elasticache_cluster"):
        costs.read(copy)


def test_the_sums_in_the_readme_are_those_of_the_file() -> None:
    lines, assumptions = costs.read()
    for name in ENVIRONMENTS:
        assert f"| {sum(line.monthly(assumptions[name]) for line in lines):,.0f} |" in text("README.md")


def test_argo_cd_is_told_exactly_what_it_reads() -> None:
    written = re.findall(r'^    "([a-z-]+)" +=', text("environments", "production", "argocd", "main.tf"), re.MULTILINE)
    listed = re.findall(r"^\| `([a-z-]+)` \|", (KUBERNETES / "argocd" / "README.md").read_text(), re.MULTILINE)

    assert sorted(written) == sorted(listed)


def test_each_service_has_a_secret_and_a_role_by_its_row() -> None:
    rows = {name: row for name, row in SERVICES.items() if name != "monolith"}
    secrets, roles = text("stacks", "data", "secrets.tf"), text("stacks", "cluster", "roles.tf")

    opened = dict(re.findall(r"^    ([a-z-]+) += (\[.*\])$", secrets, re.MULTILINE))
    assert {name: json.loads(databases) for name, databases in opened.items()} == {
        name: list(row.databases) for name, row in rows.items()
    }
    assert set(re.findall(r"toset\(\[(.+)\]\)", secrets.partition("signs_in ")[2])[:1]) == {
        ", ".join(f'"{name}"' for name, row in rows.items() if row.signs_in)
    }
    allowed = dict(re.findall(r"^    ([a-z-]+) += (.+)$", roles.partition("of_services = {")[2], re.MULTILINE))
    for name, row in rows.items():
        assert (Backend.DYNAMODB in row.backends) == ("reads_tables" in allowed[name])
        assert (Backend.KAFKA in row.backends) == ("writes_topic" in allowed[name])
        assert (bool(row.queues) and bool(row.contexts)) == ("works_on" in allowed[name])


def test_the_workflow_pushes_from_the_branch_that_is_trusted_to_the_registries_that_there_are() -> None:
    workflow = (TERRAFORM.parent / ".github" / "workflows" / "image.yaml").read_text()
    trusted = [
        re.search(r"image_publisher += (.+)", text("environments", name, "values", "outputs.tf"))
        for name in ENVIRONMENTS
    ]
    (branch,) = re.findall(r"branches: \[(\w+)\]", workflow)

    assert [found and found[1] for found in trusted] == [
        f'{{ repository = "example/ecom-platform", branch = "{branch}" }}',
        "null",
        "null",
    ]
    images = re.findall(r"- \{image: ([a-z-]+),", workflow)
    assert f"toset({json.dumps(images)})" in text("stacks", "cluster", "main.tf")
    assert "role-to-assume: ${{ vars.IMAGE_ROLE_ARN }}" in workflow


def test_tables_and_queues_are_those_of_the_embedded_stack() -> None:
    tables, queues = text("modules", "analytics-tables", "main.tf"), text("stacks", "data", "main.tf")

    for table in TABLES:
        assert f'"{table.name}" = {{ hash = "{table.hash_key}", range = "{table.range_key}" }}' in tables
        assert f'attribute_name = "{table.ttl_attribute}"' in tables
    assert f"contexts = toset({json.dumps(list(DATABASES))})" in queues
    assert f"receives                   = {RECEIVES}" in queues
    assert f"visibility_timeout_seconds = {VISIBILITY_SECONDS}" in queues


def test_every_alarm_names_a_runbook_that_there_is() -> None:
    alarms = [
        body
        for file in TERRAFORM.glob("modules/*/main.tf")
        for body in re.findall(
            r'^resource "aws_cloudwatch_metric_alarm" .*?^}', file.read_text(), re.MULTILINE | re.DOTALL
        )
    ]
    named = {name for body in alarms for name in re.findall(r"docs/runbooks/([^\"]+)", body)}
    runbooks = {file.name for file in (TERRAFORM.parent / "docs" / "runbooks").glob("*.md")} - {"README.md"}
    given = set(re.findall(r'^ +runbook += "(.+)"', text("stacks", "data", "main.tf"), re.MULTILINE))

    assert all("docs/runbooks/" in body for body in alarms)
    assert named - {"${var.runbook}"} | given <= runbooks
