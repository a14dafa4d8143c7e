"""The image, built without a daemon, starts each service as Kubernetes does: as nobody, with only /tmp to write to."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import urllib3

from ecom.services import SERVICES
from local import image
from local.installation import REPOSITORY
from local.servers import free_port
from tests.service_process import environment_of

pytestmark = [
    pytest.mark.check_all,
    pytest.mark.skipif(os.geteuid() != 0, reason="a chroot needs root"),
]
WEB = [name for name in SERVICES if name != "monolith" and name != "beat" and not name.endswith("-worker")]
WORKERS = {
    **{name: ["celery", "--app", "ecom.celery", "worker"] for name in SERVICES if name.endswith("-worker")},
    "beat": ["celery", "--app", "ecom.celery", "beat"],
}
START_SECONDS = 60


@pytest.fixture(scope="module")
def built() -> str:
    return image.build()


@contextmanager
def container_of(built: str) -> Iterator[str]:
    """A container of an image, by its name."""
    made = subprocess.run(image.buildah("from", built), capture_output=True, text=True, check=True).stdout.strip()
    yield made
    subprocess.run(image.buildah("rm", made), check=True, capture_output=True)


@pytest.fixture(scope="module")
def container(built: str) -> Iterator[str]:
    with container_of(built) as made:
        yield made


@pytest.fixture(scope="module")
def streaming() -> Iterator[str]:
    """A container of the Flink job's image."""
    with container_of(image.build(image.STREAMING)) as made:
        yield made


def in_image(container: str, *command: str, **variables: str) -> list[str]:
    """A command line that runs another one in the image, in its user and environment."""
    given = [argument for name, value in variables.items() for argument in ("--env", f"{name}={value}")]
    return image.buildah("run", "--isolation", "chroot", *given, container, "--", *command)


def output(container: str, *command: str) -> str:
    """What a command in the image prints. Raises CalledProcessError."""
    return subprocess.run(in_image(container, *command), capture_output=True, text=True, check=True, timeout=60).stdout


@contextmanager
def running(container: str, service: str, *command: str, log: Path) -> Iterator[str]:
    """The management address of a service that runs in the image."""
    port, management = free_port(), free_port()
    variables = environment_of(
        service, ECOM_BIND=f"127.0.0.1:{port}", ECOM_MANAGEMENT_BIND=f"127.0.0.1:{management}", ECOM_WORKERS="1",
        PROMETHEUS_MULTIPROC_DIR=f"/tmp/metrics-{service}",  # noqa: S108 - the container's own
    )  # fmt: skip
    del variables["PATH"]
    with log.open("wb") as written:
        process = subprocess.Popen(
            in_image(container, *command, **variables), stdout=written, stderr=written, start_new_session=True
        )
    try:
        yield f"http://127.0.0.1:{management}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=60)


def wait_for(address: str, log: Path) -> urllib3.BaseHTTPResponse:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            return urllib3.request("GET", f"{address}/healthz", retries=False, timeout=2)
        except urllib3.exceptions.HTTPError:
            time.sleep(0.1)
    raise AssertionError(f"nothing answers at {address}:\n{log.read_text()[-3000:]}")


@pytest.mark.parametrize("service", WEB)
def test_the_image_starts_a_service(container: str, service: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = ("gunicorn", "--config", "ecom/gunicorn.conf.py")
    with running(container, service, *command, log=log) as address:
        answer = wait_for(address, log)
        assert (answer.status, answer.json()["service"]) == (200, service)


@pytest.mark.parametrize("service", WORKERS)
def test_the_image_starts_a_worker(container: str, service: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with running(container, service, *WORKERS[service], log=log) as address:
        assert wait_for(address, log).json()["service"] == service


def test_it_is_nobody_and_writes_to_nothing_of_the_image(container: str) -> None:
    assert output(container, "id", "-u").strip() == "10001"
    writable = (
        "find / -xdev -writable -not -path '/proc/*' -not -path '/tmp*' -not -path '/dev/*' -not -type l 2>/dev/null"
    )
    found = output(container, "sh", "-c", f"{writable} || true").splitlines()
    system = ("/var/tmp", "/run", "/var/lock", "/sys")  # noqa: S108
    assert [path for path in found if not path.startswith(system)] == []


def test_it_has_no_tools_that_build_or_install_packages_of_python(container: str) -> None:
    script = "for tool in gcc cc make pip pip3 git curl wget; do command -v $tool; done; true"
    assert output(container, "sh", "-c", script) == ""
    imported = subprocess.run(in_image(container, "python", "-c", "import pip"), capture_output=True, check=False)
    assert imported.returncode != 0


def test_static_files_have_hashed_names_and_tests_are_left_out(container: str) -> None:
    names = output(container, "find", "/app", "-type", "f")
    assert re.search(r"/app/staticfiles/admin/css/base\.[0-9a-f]{12}\.css\n", names)
    assert "/tests/" not in names
    assert "staticfiles.json" in names


def test_the_same_tree_makes_the_same_image(built: str) -> None:
    image.build_as(f"{built}-again")
    assert image.digest_of(f"{built}-again") == image.digest_of(built)


def test_the_flink_jobs_image_starts_its_command_line_with_all_that_it_ships(streaming: str) -> None:
    assert "deploy" in output(streaming, "python", "-m", "streaming", "--help")
    assert output(streaming, "python", "-c", "import pyflink.table; print(pyflink.__name__)").strip() == "pyflink"
    shipped = output(streaming, "find", "/app/jars", "-name", "*.jar", "-printf", "%f\n").split()
    assert sorted(shipped) == sorted(path.name for path in (REPOSITORY / ".local" / "jars" / "flink").glob("*.jar"))
    assert output(streaming, "id", "-u").strip() == "10001"
    script = "for tool in gcc cc make mvn javac pip pip3 git; do command -v $tool; done; true"
    assert output(streaming, "sh", "-c", script) == ""
