"""Load from wrk, a C program that leaves most of the machine to what is measured."""

import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import urllib3

SECONDS = 10
CONNECTIONS = 16
SCRIPTS = Path("bench/wrk")


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk measured; `refused` are answers with a status of 400 or more, `failed` had no answer."""

    requests: int
    seconds: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    mean_ms: float
    refused: int
    failed: int

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


class LoadFailed(RuntimeError):
    """wrk did not run, or the server did not answer as it should."""


def ensure_wrk() -> None:
    """Install Debian's wrk where it is absent."""
    if shutil.which("wrk"):
        return
    for command in (["apt-get", "update", "-q"], ["apt-get", "install", "-y", "-q", "wrk"]):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def get(url: str, *, headers: Mapping[str, str], connections: int = CONNECTIONS, seconds: int = SECONDS) -> Load:
    """GET one URL over and over."""
    return _run([str(SCRIPTS / "report.lua"), url], connections=connections, seconds=seconds, headers=headers)


def get_each(url: str, paths: Path, *, connections: int = CONNECTIONS, seconds: int = SECONDS) -> Load:
    """GET the paths of a file in turn."""
    arguments = [str(SCRIPTS / "paths.lua"), url, "--", str(paths)]
    return _run(arguments, connections=connections, seconds=seconds, headers={})


def post(
    url: str, bodies: Path, *, headers: Mapping[str, str], connections: int = CONNECTIONS, seconds: int = SECONDS
) -> Load:
    """POST the lines of a file in turn."""
    arguments = [str(SCRIPTS / "bodies.lua"), url, "--", str(bodies)]
    return _run(arguments, connections=connections, seconds=seconds, headers=headers)


def _run(arguments: list[str], *, connections: int, seconds: int, headers: Mapping[str, str]) -> Load:
    sent = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    options = ["-t", str(min(2, connections)), "-c", str(connections), "-d", f"{seconds}s", "--timeout", "10s"]
    finished = subprocess.run(
        ["wrk", *options, *sent, "-s", *arguments], capture_output=True, text=True, timeout=seconds + 60, check=False
    )
    for line in finished.stdout.splitlines():
        if line.startswith("RESULT "):
            return _checked(msgspec.json.decode(line.removeprefix("RESULT "), type=Load))
    raise LoadFailed(f"wrk printed no result:\n{finished.stdout}{finished.stderr}")


def _checked(load: Load) -> Load:
    if load.requests == 0 or load.refused or load.failed:
        raise LoadFailed(f"not every request was answered well: {load}")
    return load


def wait_until_answers(url: str, *, seconds: float = 30) -> None:
    """Wait until a server answers anything at all. Raises LoadFailed after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            urllib3.request("GET", url, retries=False, timeout=1)
        except urllib3.exceptions.HTTPError:
            time.sleep(0.05)
        else:
            return
    raise LoadFailed(f"{url} did not answer within {seconds:.0f} s")
