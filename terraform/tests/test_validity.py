"""Terraform itself finds nothing: style, schemas, types between states."""

from pathlib import Path

import pytest

from terraform.environment import ENVIRONMENTS, ORDER
from terraform.readmes import folders
from terraform.tests.tool import TERRAFORM, copied, terraform

ROOTS = [
    *folders(),
    *(TERRAFORM / "environments" / name / state for name in ENVIRONMENTS for state in ORDER),
]


def test_the_style_is_terraforms() -> None:
    done = terraform(TERRAFORM, "fmt", "-check", "-recursive")

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_state_of_every_environment_is_valid(tmp_path: Path) -> None:
    """All at once, as modules of one root: a provider's schema is read once."""
    copied(tmp_path)
    root = tmp_path / "root"
    root.mkdir()
    calls = [
        f'module "{name}_{state}" {{\n  source = "../terraform/environments/{name}/{state}"\n}}\n'
        for name in ENVIRONMENTS
        for state in ORDER
    ]
    (root / "main.tf").write_text("".join(calls))

    done = terraform(root, "validate", "-no-color")

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.check_all
@pytest.mark.parametrize("folder", ROOTS, ids=lambda folder: str(folder.relative_to(TERRAFORM)))
def test_each_module_and_each_state_is_valid_by_itself(folder: Path, tmp_path: Path) -> None:
    copy = copied(tmp_path) / folder.relative_to(TERRAFORM)

    done = terraform(copy, "validate", "-no-color")

    assert done.returncode == 0, done.stdout + done.stderr
