"""Whole platforms for the end-to-end tests, started as `make run DETACH=1` starts them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from local.servers import free_port
from local.stack import Stack
from tests.end_to_end.load import SmokeRun, smoke_run_on
from tests.observability.prometheus import Prometheus, captured_pages

START_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Platform:
    """A running platform and the way to run management commands in it."""

    stack: Stack

    @property
    def variables(self) -> dict[str, str]:
        return {
            **os.environ,
            "PORT_OFFSET": str(self.stack.offset),
            "RECORDED_TIME": str(int(self.stack.recorded_time)),
            "TABLES_IN_MEMORY": str(int(self.stack.tables_in_memory)),
            "SHOPPERS": "0",
        }

    def local(self, *arguments: str) -> None:
        """Run a command of the embedded stack."""
        command = [sys.executable, "-m", "local", *arguments]
        subprocess.run(command, env=self.variables, check=True, timeout=START_SECONDS)

    def start_managing(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a management command of the monolith with the platform's environment."""
        inside = [sys.executable, "manage.py", *arguments]
        command = [sys.executable, "-m", "local", "exec", "monolith", "--", *inside]
        return subprocess.Popen(
            command, env=self.variables, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def manage(self, *arguments: str, seconds: float = 300) -> str:
        """Run a management command to its good end and return what it printed."""
        with self.start_managing(*arguments) as process:
            printed, _ = process.communicate(timeout=seconds)
        assert process.returncode == 0, printed
        return printed


@contextmanager
def _running(stack: Stack) -> Iterator[Platform]:
    platform = Platform(stack)
    platform.local("down")
    shutil.rmtree(stack.directory, ignore_errors=True)
    platform.local("up", "--detach")
    try:
        yield platform
    finally:
        platform.local("down")  # its logs stay until the next test, for whoever asks why


@pytest.fixture(scope="module")
def recorded_platform() -> Iterator[Platform]:
    """A platform for events that bring their own clock: an hour of windows in a minute, too many for a slow disk."""
    with _running(Stack(offset=2000, recorded_time=True, tables_in_memory=True)) as platform:
        yield platform


@pytest.fixture(scope="package")  # and not of the session: whatever comes after needs the processors
def live_platform() -> Iterator[Platform]:
    """A platform on the clock's time, without simulated shoppers. Tests share it and keep to their own data."""
    with _running(Stack(offset=2300)) as platform:
        yield platform


@pytest.fixture(scope="package")
def smoke_run(live_platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmokeRun]:
    """The load test's smoke profile on the live platform, watched by Prometheus."""
    directory = tmp_path_factory.mktemp("smoke")
    with (
        captured_pages() as pages,
        Prometheus(directory / "prometheus", free_port(), live_platform.stack, pages) as prometheus,
    ):
        yield smoke_run_on(live_platform.stack, directory, prometheus)
