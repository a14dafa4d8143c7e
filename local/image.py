"""The images without a Docker daemon: built by buildah, each command in a chroot, on bases of Debian's own packages.

For machines where no registry of images can be reached. The Dockerfiles are those that are built everywhere else; only
their bases are others. Needs root, as chroot does.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local.installation import REPOSITORY, STATE
from local.logged_command import run_logged
from local.programs import DebianPackages
from local.steps import Steps

TOOLS = DebianPackages(("buildah", "debootstrap"))
RELEASE = "bookworm"
FOLDER = STATE / "image"
LOG = STATE / "setup" / "image.log"
# How this machine reaches Python's packages, if it has its own way: seen by the build, not kept in the image.
HOST_FILES = ("/etc/ssl/certs", "/etc/pip.conf")
TITLE = "Image (buildah)"


@dataclass(frozen=True)
class Base:
    """An image of Debian's packages, in the place of the one that a Dockerfile's argument names."""

    argument: str
    name: str
    packages: str


@dataclass(frozen=True)
class Image:
    """What a Dockerfile makes."""

    name: str
    file: str
    bases: tuple[Base, ...]


PYTHON = Base("BASE", "localhost/ecom-base", "python3,python3-venv,ca-certificates")
MAVEN = Base("MAVEN_BASE", "localhost/ecom-maven-base", "maven,openjdk-17-jdk-headless,ca-certificates-java")
PLATFORM = Image("localhost/ecom", "Dockerfile", (PYTHON,))
STREAMING = Image("localhost/ecom-streaming", "streaming/Dockerfile", (PYTHON, MAVEN))


def build(image: Image = PLATFORM) -> str:
    """Build an image of this tree; return its name. Raises StepFailed."""
    with Steps() as steps:
        if TOOLS.absent:
            with steps.step(f"For the image: {', '.join(TOOLS.absent)}"):
                TOOLS.install()
        for base in image.bases:
            if not _exists(base.name):
                with steps.step(f"{base.name} of Debian's packages (debootstrap)"):
                    _make(base)
        with steps.step(TITLE):
            build_as(image.name, image)
    return image.name


def build_as(name: str, image: Image = PLATFORM) -> None:
    """Build from the Dockerfile under a name. Times are the commit's: the same tree makes the same image."""
    seen = [argument for path in HOST_FILES if Path(path).exists() for argument in ("--volume", f"{path}:{path}:ro")]
    bases = [argument for base in image.bases for argument in ("--build-arg", f"{base.argument}={base.name}")]
    _buildah("build", "--isolation", "chroot", "--layers=false", "--file", str(REPOSITORY / image.file), *bases,
             "--timestamp", _commit_time(), *seen, "--tag", name, str(REPOSITORY))  # fmt: skip


def buildah(*arguments: str) -> list[str]:
    """A command line of buildah on the images of this checkout, which are kept apart from the machine's."""
    return ["buildah", "--root", str(FOLDER / "storage"), "--runroot", str(FOLDER / "run"), *arguments]


def digest_of(name: str) -> str:
    """What identifies an image's content. Raises CalledProcessError where there is none of that name."""
    command = buildah("inspect", "--type", "image", "--format", "{{.FromImageID}}", name)
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _make(base: Base) -> None:
    root = FOLDER / "base"
    shutil.rmtree(root, ignore_errors=True)
    root.parent.mkdir(parents=True, exist_ok=True)
    _run(["debootstrap", "--variant=minbase", f"--include={base.packages}", RELEASE, str(root)])
    container = subprocess.run(buildah("from", "scratch"), capture_output=True, text=True, check=True).stdout.strip()
    _buildah("add", "--quiet", container, str(root), "/")
    _buildah("commit", "--quiet", "--rm", container, base.name)
    shutil.rmtree(root)


def _exists(name: str) -> bool:
    command = buildah("inspect", "--type", "image", name)
    return not TOOLS.absent and subprocess.run(command, capture_output=True, check=False).returncode == 0


def _commit_time() -> str:
    """Seconds since 1970: SOURCE_DATE_EPOCH where somebody has set it, else the newest commit's."""
    command = ["git", "log", "-1", "--format=%ct"]
    told = os.environ.get("SOURCE_DATE_EPOCH")
    return told or subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.strip()


def _buildah(*arguments: str) -> None:
    _run(buildah(*arguments))


def _run(command: Sequence[str]) -> None:
    run_logged(command, title=TITLE, log=LOG, advice="buildah and debootstrap need root; look at the log.")
