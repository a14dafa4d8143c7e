"""The zip of the import function: small, the same at each call, and enough by itself."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from local.function_package import FUNCTION, MAX_MIB, package
from local.servers.server import REPOSITORY


def pins(file: Path) -> set[str]:
    return {line.split(" ")[0] for line in file.read_text().splitlines() if "==" in line}


@pytest.fixture(scope="module")
def zipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package(tmp_path_factory.mktemp("zip") / "function.zip")


@pytest.mark.check_all
def test_the_zip_is_the_same_at_each_call(zipped: Path, tmp_path: Path) -> None:
    assert package(tmp_path / "again.zip").read_bytes() == zipped.read_bytes()


def test_the_zip_is_small_and_good_for_every_platform(zipped: Path) -> None:
    assert zipped.stat().st_size < MAX_MIB * 2**20
    names = zipfile.ZipFile(zipped).namelist()
    assert "serverless/product_bulk_import_lambda/handler.py" in names
    assert not [
        name for name in names if name.endswith((".so", ".pyc")) or "/tests/" in name or name.startswith("ecom")
    ]


def test_the_zip_is_enough_by_itself(zipped: Path) -> None:
    """No packages of this machine, and none of the repository."""
    code = f"import sys; sys.path.insert(0, {str(zipped)!r}); import serverless.product_bulk_import_lambda.handler"
    run = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, cwd="/")
    assert run.returncode == 0, run.stderr


def test_what_is_shipped_is_what_is_tested() -> None:
    assert pins(FUNCTION / "requirements.txt") <= pins(REPOSITORY / "requirements" / "dev.txt")
