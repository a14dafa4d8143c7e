"""Terraform as the tests run it: on a copy, with the true schemas where they are at hand, else with true providers.

`../shared/terraform` (see its README) serves the schemas without a network. What lives in the code of a provider is
then not checked: enumerations, the syntax of ARNs and addresses, arguments that exclude each other.
"""

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from local.programs_for_tests import TERRAFORM as PROGRAM
from local.servers.server import REPOSITORY

TERRAFORM = REPOSITORY / "terraform"
SCHEMAS = REPOSITORY.parent / "shared" / "terraform" / "setup"
CACHE = REPOSITORY / ".local" / "terraform"
SECONDS = 300
FOREIGN = shutil.ignore_patterns(".terraform", ".terraform.lock.hcl", "__pycache__", "tests.py")


def copied(directory: Path) -> Path:
    """A copy of terraform/ and of the schemas that it reads."""
    shutil.copytree(TERRAFORM, directory / "terraform", ignore=FOREIGN)
    schemas = Path("ecom", "contracts", "schemas")
    shutil.copytree(REPOSITORY / schemas, directory / schemas)
    return directory / "terraform"


def terraform(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of Terraform in a folder, after `init` where that has not been done."""
    if arguments[0] not in ("init", "fmt") and not (folder / ".terraform").exists():
        initialised = _run(folder, "init", "-backend=false", "-no-color", "-input=false")
        assert initialised.returncode == 0, initialised.stdout + initialised.stderr
    return _run(folder, *arguments)


def planned(folder: Path, variables: dict[str, Any]) -> list[dict[str, Any]]:
    """The resources that a module plans, as `terraform show -json` has them: address, type, values."""
    (folder / "given.auto.tfvars.json").write_text(json.dumps(variables))
    done = terraform(folder, "plan", "-no-color", "-input=false", "-refresh=false", "-out=plan")
    assert done.returncode == 0, done.stdout + done.stderr
    plan = json.loads(_run(folder, "show", "-json", "plan").stdout)
    return list(_resources(plan["planned_values"]["root_module"]))


def _resources(module: dict[str, Any]) -> list[dict[str, Any]]:
    below = [each for child in module.get("child_modules", ()) for each in _resources(child)]
    return [*module.get("resources", ()), *below]


def _run(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [str(PROGRAM.path), f"-chdir={folder}", *arguments]
    return subprocess.run(command, env=_environment(), capture_output=True, text=True, timeout=SECONDS, check=False)


@cache
def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TF_", "AWS_", "GOOGLE_"))}
    if not SCHEMAS.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        return kept | {"TF_PLUGIN_CACHE_DIR": str(CACHE), "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "1"}
    made = subprocess.run([SCHEMAS, CACHE], capture_output=True, text=True, check=True)
    return kept | {"TF_CLI_CONFIG_FILE": made.stdout.strip()}
