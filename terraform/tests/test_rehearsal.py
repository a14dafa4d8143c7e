"""A whole environment applied state by state and destroyed backwards, with states in files: outputs find their inputs.

The providers only echo what they are given, so what a cloud alone can know is told them between the states.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.function_package import PACKAGE
from terraform.environment import ENVIRONMENTS, ORDER
from terraform.tests.tool import SCHEMAS, TERRAFORM, copied, terraform

pytestmark = [
    pytest.mark.check_all,
    pytest.mark.skipif(
        not SCHEMAS.exists(), reason="with the true providers this would make an environment in a cloud"
    ),
]
BACKEND = 'terraform {{\n  backend "local" {{\n    path = "../{state}.tfstate"\n  }}\n}}\n'
REMOTE = """
data "terraform_remote_state" "before" {
  backend = "local"
  config  = { path = "../${each.key}.tfstate" }
}
"""
BROKERS = ",".join(f"b-{number}.ecom.abc123.c4.kafka.eu-central-1.amazonaws.com:9096" for number in (1, 2, 3))


def of_network(made: dict[str, Any]) -> None:
    made["google_vpn_gateway"] = {"id": "gateway", "addresses": ["198.51.100.1", "198.51.100.2"]}
    made["nodes_service_account"]["unique_id"] = "123456789012345678901"


def of_data(made: dict[str, Any]) -> None:
    made["kafka"]["bootstrap_scram"] = BROKERS


def of_cluster(made: dict[str, Any]) -> None:
    made["certificate_authority"] = "Y2VydGlmaWNhdGU="


KNOWN_TO_CLOUDS: dict[str, Callable[[dict[str, Any]], None]] = {
    "network": of_network,
    "data": of_data,
    "cluster": of_cluster,
}


def tell(state: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the outputs in a state's file, types included."""
    content = json.loads(state.read_text())
    output = content["outputs"]["made"]
    change(output["value"])
    output["type"] = type_of(output["value"])
    state.write_text(json.dumps(content))


def type_of(value: Any) -> Any:
    """Terraform's type of a value, as states have it."""
    if isinstance(value, dict):
        return ["object", {name: type_of(each) for name, each in value.items()}]
    if isinstance(value, list):
        return ["tuple", [type_of(each) for each in value]]
    return "bool" if isinstance(value, bool) else "number" if isinstance(value, int | float) else "string"


def prepare(root: Path, state: str) -> None:
    (root / "backend.tf").write_text(BACKEND.format(state=state))
    if "terraform_remote_state" in (root / "main.tf").read_text():
        (root / "remote_override.tf").write_text(REMOTE)
    done = terraform(root, "init", "-no-color", "-input=false")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_is_made_in_order_and_taken_away_backwards(environment: str, tmp_path: Path) -> None:
    states = copied(tmp_path) / "environments" / environment
    package = tmp_path / PACKAGE.relative_to(TERRAFORM.parent)
    package.parent.mkdir(parents=True)
    package.write_bytes(b"built by make lambda")

    for state in ORDER:
        prepare(states / state, state)
        done = terraform(states / state, "apply", "-no-color", "-input=false", "-auto-approve")
        assert done.returncode == 0, f"{state}: {done.stdout}{done.stderr}"
        if state in KNOWN_TO_CLOUDS:
            tell(states / f"{state}.tfstate", KNOWN_TO_CLOUDS[state])

    written = (states / "data.tfstate").read_text() + (states / "cluster.tfstate").read_text()
    assert "BEGIN RSA PRIVATE KEY" not in written
    assert "postgresql://" not in written
    made = json.loads((states / "argocd.tfstate").read_text())["outputs"]["made"]["value"]
    assert made["annotations"]["ecom.shop.example/msk-bootstrap-scram"] == BROKERS

    for state in reversed(ORDER):
        done = terraform(states / state, "destroy", "-no-color", "-input=false", "-auto-approve")
        assert done.returncode == 0, f"{state}: {done.stdout}{done.stderr}"
