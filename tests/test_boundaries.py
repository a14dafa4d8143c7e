"""The import rules hold, and each of them fails on a violation that is planted into a copy of the code."""

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service_process import REPOSITORY

INDEPENDENCE = "Contexts meet over REST or Kafka, never by import"
LAYERS = "Inside a context: api > services, selectors, tasks, admin > clients, events > models"
KERNEL = "The shared kernel and the contracts know no context"
FUNCTIONS = "Functions run without the platform"
CONTRACTS = {INDEPENDENCE, LAYERS, KERNEL, FUNCTIONS}
NO_DATABASE = ("activity", "gateway")
STANDALONE = ("streaming", "serverless")


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A copy of the product's code and of the checks' settings."""
    for package in ("ecom", "serverless"):
        shutil.copytree(REPOSITORY / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    return tmp_path


def plant(code: Path, file: str, statement: str) -> None:
    """Add a statement to a file, which is made with its package where it is absent."""
    path = code / file
    path.parent.mkdir(parents=True, exist_ok=True)
    (path.parent / "__init__.py").touch()
    with path.open("a") as module:
        module.write(f"\n{statement}\n")


def run(code: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "COLUMNS": "200", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=code, env=environment, capture_output=True, text=True, timeout=60)


def broken_contracts(code: Path) -> set[str]:
    program = Path(sys.executable).with_name("lint-imports")
    result = run(code, str(program), "--no-cache")
    broken = {name for name in CONTRACTS if f"{name} BROKEN" in result.stdout}
    kept = {name for name in CONTRACTS if f"{name} KEPT" in result.stdout}
    assert broken | kept == CONTRACTS, result.stdout + result.stderr
    assert (result.returncode != 0) == bool(broken)
    return broken


def test_the_code_keeps_every_contract(code: Path) -> None:
    assert broken_contracts(code) == set()


@pytest.mark.parametrize(
    ("file", "statement", "contract"),
    [
        ("ecom/apps/catalog/services/products.py", "import ecom.apps.activity.apps", INDEPENDENCE),
        ("ecom/apps/gateway/api/urls.py", "from ecom.apps.catalog.models import Product", INDEPENDENCE),
        # A context that nobody has thought of yet is held to the rules too.
        ("ecom/apps/reviews/selectors.py", "import ecom.apps.catalog.models", INDEPENDENCE),
        ("ecom/apps/catalog/models.py", "import ecom.apps.catalog.services", LAYERS),
        ("ecom/apps/catalog/selectors.py", "import ecom.apps.catalog.api.views", LAYERS),
        ("ecom/apps/catalog/admin/products.py", "def later():\n    import ecom.apps.catalog.api.serializers", LAYERS),
        ("ecom/apps/catalog/events.py", "import ecom.apps.catalog.services", LAYERS),
        ("ecom/apps/reviews/clients/catalog.py", "import ecom.apps.reviews.services", LAYERS),
        ("ecom/common/rendering.py", "import ecom.apps.catalog.models", KERNEL),
        ("ecom/contracts/__init__.py", "import ecom.apps.activity.apps", KERNEL),
        ("ecom/backoffice/roles.py", "import ecom.apps.customers.models", KERNEL),
        ("serverless/product_bulk_import_lambda/rows.py", "def later():\n    import ecom.contracts", FUNCTIONS),
        ("serverless/another/handler.py", "from ecom.apps.catalog import product_rules", FUNCTIONS),
    ],
)
def test_a_planted_violation_breaks_its_contract(code: Path, file: str, statement: str, contract: str) -> None:
    plant(code, "ecom/apps/reviews/services.py", "")
    plant(code, file, statement)
    assert broken_contracts(code) == {contract}


def banned_imports(code: Path, context: str) -> list[str]:
    """The lines of a context on which ruff finds an import that its own settings forbid."""
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--select=TID251", "--output-format=concise"]
    result = run(code, *command, f"ecom/apps/{context}")
    assert result.returncode in (0, 1), result.stderr
    return [line for line in result.stdout.splitlines() if "TID251" in line]


@pytest.mark.parametrize("context", NO_DATABASE)
def test_contexts_without_a_database_import_none(code: Path, context: str) -> None:
    assert banned_imports(code, context) == []
    assert not (code / f"ecom/apps/{context}/models.py").exists()


@pytest.mark.parametrize("context", NO_DATABASE)
@pytest.mark.parametrize(
    "statement",
    ["import django.db", "from django.db import models", "from django.db.models import Q", "from django import db"],
)
def test_a_planted_database_is_found(code: Path, context: str, statement: str) -> None:
    plant(code, f"ecom/apps/{context}/api/planted.py", statement)
    assert len(banned_imports(code, context)) == 1


def platform_imports(folder: Path) -> Iterator[str]:
    """`file:line` of each import of the platform's package below a folder."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            if any(name.split(".")[0] == "ecom" for name in names):
                yield f"{path.relative_to(folder)}:{node.lineno}"


@pytest.mark.parametrize("folder", STANDALONE)
def test_what_runs_without_the_platform_imports_nothing_of_it(folder: str) -> None:
    assert list(platform_imports(REPOSITORY / folder)) == []


@pytest.mark.parametrize(
    "statement", ["import ecom.contracts", "from ecom import contracts", "from ecom.common import x"]
)
def test_a_planted_import_of_the_platform_is_found(tmp_path: Path, statement: str) -> None:
    plant(tmp_path, "job/planted.py", f"def later():\n    {statement}")
    assert list(platform_imports(tmp_path)) == ["job/planted.py:3"]
