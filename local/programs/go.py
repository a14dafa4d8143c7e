"""Programs that are built from Go modules."""

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from local.installation import STATE
from local.logged_command import run_logged

LOG = STATE / "setup" / "go-programs.log"


@dataclass(frozen=True)
class GoProgram:
    """A main package (`example.org/module/cmd/name`) in one version of its module, built into .local/.

    With `on_the_path` a program of that name that the machine has will do.
    """

    package: str
    version: str
    on_the_path: bool = False

    @property
    def name(self) -> str:
        """The last part of the package, without a major version (`/v2`)."""
        parts = self.package.split("/")
        return parts[-2] if parts[-1].lstrip("v").isdecimal() else parts[-1]

    @property
    def path(self) -> Path:
        """The program, once it is installed."""
        if self.on_the_path and (found := shutil.which(self.name)):
            return Path(found)
        return STATE / "programs" / f"{self.name}-{self.version}" / self.name

    @property
    def absent(self) -> list[str]:
        """The program, where it is not built yet."""
        return [] if self.path.exists() else [self.name]

    def install(self) -> None:
        """Build it, where that has not been done. Raises StepFailed."""
        if self.absent:
            _go("install", f"{self.package}@{self.version}", name=self.name, GOBIN=str(self.path.parent))


@dataclass(frozen=True)
class GoModule:
    """A main package of a module in this repository, or of one that its go.mod pins; built into .local/."""

    folder: Path
    package: str = "."

    @property
    def name(self) -> str:
        """The last part of the package, or of the module's folder."""
        return self.folder.name if self.package == "." else self.package.rpartition("/")[2]

    @property
    def path(self) -> Path:
        """The program, once it is installed; another place for another content of the module."""
        digest = hashlib.sha256()
        for path in sorted(self.folder.iterdir()):
            digest.update(path.read_bytes())
        return STATE / "programs" / f"{self.name}-{digest.hexdigest()[:12]}" / self.name

    @property
    def absent(self) -> list[str]:
        """The program, where it is not built yet."""
        return [] if self.path.exists() else [self.name]

    def install(self) -> None:
        """Build it, where that has not been done. Raises StepFailed."""
        if self.absent:
            _go("build", "-o", str(self.path), self.package, name=self.name, cwd=self.folder)


def _go(verb: str, *arguments: str, name: str, cwd: Path | None = None, **variables: str) -> None:
    run_logged(
        ["go", verb, *arguments],
        title=f"{name} (go {verb})",
        log=LOG,
        advice="Go 1.26 or newer must be on the PATH.",
        cwd=cwd,
        env={**os.environ, "CGO_ENABLED": "0", **variables},
    )
