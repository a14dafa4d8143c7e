"""Releases: the job's code and jars as one archive, the same to the byte whenever it is made from the same files."""

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version as installed_version
from importlib.resources import files
from pathlib import Path
from typing import Any

from streaming.failures import Failure

PACKAGE = Path(__file__).resolve().parent
SOURCES = ("*.py", "*.properties", "cli/*.py", "sql/*.sql")
LABEL = "streaming/release.json"
UNRELEASED = "unreleased"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest time that a zip archive can hold
READABLE = 0o100644 << 16


class NoRelease(Failure):
    """There is no release of that version, or there is one with other content."""


def version() -> str:
    """The version of the release that this code is from."""
    label = files("streaming") / "release.json"
    return str(json.loads(label.read_text())["version"]) if label.is_file() else UNRELEASED


def package(version: str, directory: Path, jars: Iterable[Path]) -> Path:
    """Make the release of this code under that version; return its archive. A version is never made anew."""
    contents = {f"streaming/{path.relative_to(PACKAGE)}": path.read_bytes() for path in _sources()}
    contents |= {f"jars/{jar.name}": jar.read_bytes() for jar in jars}
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(contents.items())}
    label = {"version": version, "flink": installed_version("apache-flink"), "files": hashes}
    archive = path_of(version, directory)
    if archive.exists() and label_of(archive) != label:
        raise NoRelease(f"{archive} is version {version} already, and holds something else")
    directory.mkdir(parents=True, exist_ok=True)
    _write(archive, contents | {LABEL: json.dumps(label, indent=1).encode()})
    return archive


def path_of(version: str, directory: Path) -> Path:
    """Where the release of the version is."""
    return directory / f"ecom-streaming-{version}.zip"


def version_in(archive: str) -> str:
    """The version that the archive of this name is of."""
    return archive.removeprefix("ecom-streaming-").removesuffix(".zip")


@contextmanager
def unpacked(version: str, directory: Path) -> Iterator[Path]:
    """The files of a release, each as its label has it, in a directory that is removed in the end."""
    archive = path_of(version, directory)
    if not archive.exists():
        raise NoRelease(f"{archive} does not exist: `package --version {version}` in that version's tree makes it")
    with tempfile.TemporaryDirectory() as target, zipfile.ZipFile(archive) as packed:
        for name, expected in label_of(archive)["files"].items():
            if hashlib.sha256(packed.read(name)).hexdigest() != expected:
                raise NoRelease(f"{archive}: {name} is not what was packaged")
        packed.extractall(target)
        yield Path(target)


def write_code(archive: Path) -> Path:
    """Write the job's package alone, as the Python workers of a cluster import it."""
    _write(archive, {f"streaming/{path.relative_to(PACKAGE)}": path.read_bytes() for path in _sources()})
    return archive


def _sources() -> list[Path]:
    return sorted(path for pattern in SOURCES for path in PACKAGE.glob(pattern))


def label_of(archive: Path) -> dict[str, Any]:
    """What a release says of itself: its version, Flink's, and each file's SHA-256."""
    with zipfile.ZipFile(archive) as packed:
        label: dict[str, Any] = json.loads(packed.read(LABEL))
        return label


def _write(archive: Path, contents: Mapping[str, bytes]) -> None:
    draft = archive.with_suffix(".draft")
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(contents):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = READABLE
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, contents[name])
    draft.replace(archive)
