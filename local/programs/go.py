"""Programs that are built from Go modules."""

import os
from dataclasses import dataclass
from pathlib import Path

from local.installation import STATE
from local.logged_command import run_logged

LOG = STATE / "setup" / "go-programs.log"


@dataclass(frozen=True)
class GoProgram:
    """A main package (`example.org/module/cmd/name`) in one version of its module, built into .local/."""

    package: str
    version: str

    @property
    def name(self) -> str:
        """The last part of the package, without a major version (`/v2`)."""
        parts = self.package.split("/")
        return parts[-2] if parts[-1].lstrip("v").isdecimal() else parts[-1]

    @property
    def path(self) -> Path:
        """The program, once it is installed."""
        return STATE / "programs" / f"{self.name}-{self.version}" / self.name

    @property
    def absent(self) -> list[str]:
        """The program, where it is not built yet."""
        return [] if self.path.exists() else [self.name]

    def install(self) -> None:
        """Build it, where that has not been done. Raises StepFailed."""
        if self.absent:
            run_logged(
                ["go", "install", f"{self.package}@{self.version}"],
                title=f"{self.name} (go install)",
                log=LOG,
                advice="Go 1.24 or newer must be on the PATH.",
                env={**os.environ, "GOBIN": str(self.path.parent), "CGO_ENABLED": "0"},
            )
