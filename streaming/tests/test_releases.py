"""A release is the same to the byte each time, is never made anew, and is refused where it is damaged."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from streaming import releases
from streaming.releases import NoRelease, package, unpacked


@pytest.fixture
def jar(tmp_path: Path) -> Path:
    """A jar to release."""
    file = tmp_path / "job.jar"
    file.write_bytes(b"jar")
    return file


def test_the_same_files_make_the_same_archive(tmp_path: Path, jar: Path) -> None:
    first = package("1", tmp_path / "a", [jar]).read_bytes()
    os.utime(jar, (0, 0))
    assert package("1", tmp_path / "b", [jar]).read_bytes() == first
    assert package("1", tmp_path / "a", [jar]).read_bytes() == first


def test_a_version_with_other_content_is_refused(tmp_path: Path, jar: Path) -> None:
    package("1", tmp_path, [jar])
    jar.write_bytes(b"another")
    with pytest.raises(NoRelease, match="is version 1 already, and holds something else"):
        package("1", tmp_path, [jar])


def test_a_damaged_release_is_not_unpacked(tmp_path: Path, jar: Path) -> None:
    archive = package("1", tmp_path, [jar])
    with zipfile.ZipFile(archive) as whole:
        contents = {name: whole.read(name) for name in whole.namelist()}
    with zipfile.ZipFile(archive, "w") as damaged:
        for name, content in (contents | {"jars/job.jar": b"other"}).items():
            damaged.writestr(name, content)
    with pytest.raises(NoRelease, match=r"jars/job\.jar is not what was packaged"), unpacked("1", tmp_path):
        pass


def test_a_release_knows_its_version_and_holds_no_tests(tmp_path: Path, jar: Path) -> None:
    package("1.4.0", tmp_path, [jar])
    with unpacked("1.4.0", tmp_path) as directory:
        assert not (directory / "streaming" / "tests").exists()
        assert (directory / "streaming" / "sql" / "views.sql").exists()
        said = subprocess.run(
            [sys.executable, "-c", "from streaming.releases import version; print(version())"],
            cwd=directory, capture_output=True, text=True, check=True,
        )  # fmt: skip
    assert (said.stdout, releases.version()) == ("1.4.0\n", "unreleased")


@pytest.mark.check_all
def test_the_environment_runs_wherever_it_is_unpacked(tmp_path: Path) -> None:
    from streaming.environments import EXECUTABLE, package_environment

    archive = package_environment(tmp_path / "made")
    with zipfile.ZipFile(archive) as packed:
        for entry in packed.infolist():
            Path(packed.extract(entry, tmp_path / "elsewhere")).chmod(entry.external_attr >> 16 & 0o777)
    told = "import sys, pyflink, boto3, pandas, pyflink.fn_execution.beam.beam_boot; print(sys.prefix, pandas.__file__)"
    done = subprocess.run(
        [tmp_path / "elsewhere" / EXECUTABLE, "-c", told], env={"PATH": "/usr/bin:/bin"}, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    assert {Path(place).parts[: len(tmp_path.parts) + 1] for place in done.stdout.split()} == {
        (tmp_path / "elsewhere").parts
    }
