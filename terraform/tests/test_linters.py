"""tflint and checkov find nothing that is not excused beside the resource (`checkov:skip=ID: why`)."""

import re
import subprocess
from pathlib import Path

import pytest

from terraform.readmes import folders
from terraform.tests.programs import TFLINT, checkov
from terraform.tests.tool import TERRAFORM, copied

pytestmark = pytest.mark.check_all
SECONDS = 600
ROOTS = [*folders(), *sorted(TERRAFORM.glob("environments/*/*"))]


def found_by_checkov(terraform: Path) -> str:
    command = [checkov(), "--directory", str(terraform), "--framework", "terraform", "--compact", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    return done.stdout if done.returncode else ""


def test_checkov_finds_nothing() -> None:
    assert found_by_checkov(TERRAFORM) == ""


def test_checkov_finds_what_is_planted(tmp_path: Path) -> None:
    copy = copied(tmp_path)
    queue = copy / "modules" / "queue" / "main.tf"
    queue.write_text(
        queue.read_text().replace("sqs_managed_sse_enabled    = true", "sqs_managed_sse_enabled    = false")
    )

    assert "CKV_AWS_27" in found_by_checkov(copy)


def test_each_exception_says_why() -> None:
    skips = [line for file in TERRAFORM.rglob("*.tf") for line in re.findall(r"checkov:skip=.*", file.read_text())]

    assert skips
    assert all(re.fullmatch(r"checkov:skip=CKV2?_[A-Z]+_\d+: .{15,}", skip) for skip in skips)


@pytest.mark.parametrize("folder", ROOTS, ids=lambda folder: str(folder.relative_to(TERRAFORM)))
def test_tflint_finds_nothing(folder: Path) -> None:
    """Its core rules alone: the plugins for AWS and Google come from elsewhere than Go's module proxy."""
    TFLINT.install()
    command = [str(TFLINT.path), f"--chdir={folder}", f"--config={TERRAFORM / '.tflint.hcl'}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
