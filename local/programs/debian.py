"""Programs from Debian's packages: installed, or only unpacked where the package would start a service."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from local.installation import STATE
from local.logged_command import run_logged

LOG = STATE / "setup" / "test-programs.log"
TITLE = "Programs of the tests (apt-get)"
APT_GET = ("apt-get", "--yes", "--quiet", "--no-install-recommends", "--option=DPkg::Lock::Timeout=120")


@dataclass(frozen=True)
class DebianPackages:
    """Programs that are found on the PATH; each has the name of its package."""

    names: tuple[str, ...]

    @property
    def absent(self) -> list[str]:
        """Those that this machine does not have."""
        return [name for name in self.names if not shutil.which(name)]

    def install(self) -> None:
        """Install what is absent. Raises StepFailed."""
        if absent := self.absent:
            _apt_get("update", advice=_advice(absent))
            _apt_get("install", *absent, advice=_advice(absent))


@dataclass(frozen=True)
class UnpackedDebianPackage:
    """A package whose programs lie under .local/: nothing is set up on the machine, no service is started."""

    name: str

    @property
    def directory(self) -> Path:
        """What is `/` for the package."""
        return STATE / "programs" / self.name

    @property
    def absent(self) -> list[str]:
        """The package, where it is not unpacked yet."""
        return [] if self.directory.exists() else [self.name]

    def path(self, program: str) -> Path:
        """One of its programs."""
        return self.directory / "usr" / "bin" / program

    def install(self) -> None:
        """Download and unpack it, where that has not been done. Raises StepFailed."""
        if not self.absent:
            return
        downloads = self.directory.with_suffix(".downloads")
        draft = self.directory.with_suffix(".unpacked")
        for folder in (downloads, draft):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        _apt_get("update", advice=_advice([self.name]))
        _apt_get("download", self.name, advice=_advice([self.name]), cwd=downloads)
        for package in downloads.glob("*.deb"):
            run_logged(["dpkg-deb", "--extract", package, draft], title=TITLE, log=LOG)
        draft.rename(self.directory)
        shutil.rmtree(downloads)


def _apt_get(*arguments: str, advice: str, cwd: Path | None = None) -> None:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run_logged([*APT_GET, *arguments], title=TITLE, log=LOG, advice=advice, env=env, cwd=cwd)


def _advice(names: list[str]) -> str:
    return f"on Debian, as root: apt-get install {' '.join(names)}"
