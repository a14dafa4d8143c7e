"""The two virtual environments and the jars, made from the hashed requirement files and the POMs.

Runs under the system's Python before anything is installed: standard library only. A part whose inputs have not
changed since it was made is skipped.
"""

import hashlib
import platform
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from local.logged_command import run_logged
from local.steps import StepFailed, Steps

REPOSITORY = Path(__file__).resolve().parents[1]
STATE = REPOSITORY / ".local"
SUPPORTED_PYTHONS = ((3, 11), (3, 12))


@dataclass(frozen=True)
class Part:
    """Something to install: it is up to date while `target` exists and `inputs` are what they were."""

    name: str
    title: str
    inputs: tuple[Path, ...]
    target: Path
    install: Callable[["Part"], None]

    @property
    def log(self) -> Path:
        """Where the output of its commands goes."""
        return STATE / "setup" / f"{self.name}.log"

    @property
    def _stamp(self) -> Path:
        return STATE / "setup" / f"{self.name}.stamp"

    def is_current(self) -> bool:
        """True when there is nothing to do."""
        return self.target.exists() and self._stamp.exists() and self._stamp.read_text() == self._fingerprint()

    def make(self) -> None:
        """Install it and remember from what. Raises StepFailed."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.unlink(missing_ok=True)
        self._stamp.unlink(missing_ok=True)
        self.install(self)
        self._stamp.write_text(self._fingerprint())

    def _fingerprint(self) -> str:
        digest = hashlib.sha256(platform.python_version().encode())
        for path in self.inputs:
            digest.update(path.read_bytes())
        return digest.hexdigest()


def _install_environment(part: Part) -> None:
    environment, requirements = part.target, part.inputs[0]
    if not _is_environment_of_this_python(environment):
        run_logged(
            [sys.executable, "-m", "venv", "--clear", environment],
            title=part.title,
            log=part.log,
            advice="Python's venv module must work; on Debian: apt-get install python3-venv.",
        )
    pip: list[str | Path] = [environment / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "--no-input"]
    # Python compiles what is imported; pip would compile everything that is there.
    run_logged(
        [*pip, "install", "--no-compile", "--progress-bar", "off", "--require-hashes", "-r", requirements],
        title=part.title,
        log=part.log,
        advice="look at the log, check the network, and run `make setup` again: it goes on where it stopped.",
    )


def _is_environment_of_this_python(environment: Path) -> bool:
    configuration = environment / "pyvenv.cfg"
    return (environment / "bin" / "pip").exists() and f"version = {platform.python_version()}" in (
        configuration.read_text().splitlines()
    )


def _install_jars(part: Part) -> None:
    # Jars of versions that are no longer wanted would stay on the class path.
    shutil.rmtree(part.target, ignore_errors=True)
    # One after the other: two Mavens may not fill the same local repository at the same time.
    for project in ("local", "streaming"):
        run_logged(
            ["mvn", "--batch-mode", "--no-transfer-progress", "-f", REPOSITORY / project / "pom.xml", "package"],
            title=part.title,
            log=part.log,
            advice="Maven and a JDK 17 or newer must be on the PATH; check the network and run `make setup` again.",
        )


PARTS = (
    Part(
        name="platform",
        title="Python packages of the platform",
        inputs=(REPOSITORY / "requirements" / "dev.txt",),
        target=REPOSITORY / ".venv",
        install=_install_environment,
    ),
    Part(
        name="streaming",
        title="Python packages of the Flink job",
        inputs=(REPOSITORY / "streaming" / "requirements.txt",),
        target=REPOSITORY / ".venv-streaming",
        install=_install_environment,
    ),
    Part(
        name="jars",
        title="Jars of Kafka, DynamoDB Local and Flink's connector",
        inputs=(
            REPOSITORY / "local" / "pom.xml",
            *sorted((REPOSITORY / "local" / "jars").glob("*/pom.xml")),
            REPOSITORY / "streaming" / "pom.xml",
            *sorted(path for path in (REPOSITORY / "streaming" / "java").rglob("*") if path.is_file()),
        ),
        target=STATE / "jars",
        install=_install_jars,
    ),
)


def install() -> None:
    """Make every part that is not up to date, side by side. Raises StepFailed."""
    outdated = [part for part in PARTS if not part.is_current()]
    if not outdated:
        return
    _check_machine()
    with Steps() as steps, ThreadPoolExecutor(len(outdated)) as pool:
        steps.note(f"Setting up with Python {platform.python_version()} (details: {STATE / 'setup'}/*.log)")
        for made in [pool.submit(_make, part, steps) for part in outdated]:
            made.result()


def _make(part: Part, steps: Steps) -> None:
    with steps.step(part.title):
        part.make()


def _check_machine() -> None:
    if sys.version_info[:2] not in SUPPORTED_PYTHONS:
        raise StepFailed(
            "Setup",
            f"Python {platform.python_version()} is not supported.",
            "use Python 3.11 or 3.12, for example: make setup PYTHON=python3.12",
        )
    for program in ("java", "mvn"):
        if not shutil.which(program):
            raise StepFailed("Setup", f"`{program}` is not on the PATH.", "install a JDK 17 or newer and Maven.")
