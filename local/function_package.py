"""`make lambda`: the import function with all that it runs on as one zip, the same bytes at each call.

The requirements are pinned by hash and pure Python, the entries sorted, dated alike, and nothing that a machine adds.
"""

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from local.servers.server import REPOSITORY
from local.stack import STATE

FUNCTION = REPOSITORY / "serverless" / "product_bulk_import_lambda"
PACKAGE = STATE / "lambda" / "product_bulk_import_lambda.zip"
MAX_MIB = 20
# Of the runtime, whatever Python this machine has.
RUNTIME_PYTHON = "3.12"
_DATE = (1980, 1, 1, 0, 0, 0)  # zip knows no earlier one
_LEFT_OUT = ("__pycache__", "tests", "bin")


def package(target: Path = PACKAGE) -> Path:
    """Build the zip. Raises ValueError where it is larger than it should be."""
    folder = target.with_suffix(".build")
    shutil.rmtree(folder, ignore_errors=True)
    _install_requirements(folder)
    _copy_function(folder)
    _write(target, folder)
    shutil.rmtree(folder)
    if target.stat().st_size > MAX_MIB * 2**20:
        raise ValueError(f"{target} has {target.stat().st_size / 2**20:.1f} MiB, more than {MAX_MIB}.")
    return target


def _install_requirements(folder: Path) -> None:
    """Only wheels that are good for every platform: `any` is none of this machine's."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--no-deps", "--target", str(folder)]
    pure = ["--platform", "any", "--implementation", "py", "--abi", "none", "--python-version", RUNTIME_PYTHON]
    pinned = ["--only-binary", ":all:", "--require-hashes", "-r", str(FUNCTION / "requirements.txt")]
    subprocess.run([*command, *pure, *pinned], check=True)


def _copy_function(folder: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", "tests", "*.md", "*.in", "*.txt")
    shutil.copytree(FUNCTION, folder / "serverless" / FUNCTION.name, ignore=ignored)
    shutil.copy(FUNCTION.parent / "__init__.py", folder / "serverless")


def _write(target: Path, folder: Path) -> None:
    draft = target.with_suffix(".draft")
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in _files(folder):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _DATE)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    draft.replace(target)


def _files(folder: Path) -> Iterator[Path]:
    """What belongs in: of a package's own data only what says its version."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not set(parts) & set(_LEFT_OUT) and path.name not in ("RECORD", "INSTALLER", "REQUESTED"):
            yield path
