"""A service as it is deployed: gunicorn with the product's configuration, in a process and environment of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import urllib3
from django.db import connections

from ecom.services import SERVICES, Backend
from local.servers import free_port
from tests.tokens import KEY_ID, public_key_set, signing_key

REPOSITORY = Path(__file__).resolve().parents[1]
START_SECONDS = 30


@dataclass(frozen=True)
class ServiceAddress:
    """Where a running service answers."""

    public: str
    management: str
    process: "subprocess.Popen[bytes]"


def environment_of(service: str, **values: str) -> dict[str, str]:
    """The whole environment of a service: what its row of the table needs and nothing else; `values` replace some."""
    row = SERVICES[service]
    backends = {
        Backend.KAFKA: {"ECOM_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"},
        Backend.DYNAMODB: {"AWS_REGION": "eu-central-1"},
        Backend.BROKER: {
            "AWS_REGION": "eu-central-1",
            "ECOM_BROKER_URL": "sqs://local:local@127.0.0.1:1",
            "ECOM_BROKER_QUEUE_PREFIX": "http://127.0.0.1:1/123456789012/ecom-",
        },
        Backend.IMPORTS: {
            "AWS_REGION": "eu-central-1",
            "ECOM_UPLOADS_BUCKET": "uploads",
            "ECOM_REPORTS_BUCKET": "reports",
        },
        Backend.MAIL: {
            "ECOM_MAIL_URL": "file:///dev/null",
            "ECOM_MAIL_FROM": "shop@example.com",
            "ECOM_STOREFRONT_URL": "https://shop.example.com",
        },
    }
    account = {
        "ECOM_SERVICE_CLIENT_ID": "orders",
        "ECOM_SERVICE_CLIENT_SECRET": "only-for-tests-and-never-anywhere-else",
    }
    signing = {"ECOM_TOKEN_SIGNING_KEY": signing_key(), "ECOM_TOKEN_SIGNING_KEY_ID": KEY_ID}
    return {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "ecom.settings",
        "ECOM_SERVICE": service,
        "ECOM_SECRET_KEY": "only-for-tests-and-never-anywhere-else",
        "ECOM_VISITOR_KEY": "only-for-tests-and-never-anywhere-else",
        "ECOM_ALLOWED_HOSTS": "127.0.0.1",
        "ECOM_TOKEN_KEYS": public_key_set(),
        **{f"ECOM_{alias.upper()}_DSN": f"postgresql://ecom:ecom@127.0.0.1:1/{alias}" for alias in row.databases},
        **{f"ECOM_UPSTREAM_{name.upper()}": "http://127.0.0.1:1" for name in row.upstreams},
        **{name: value for backend in row.backends for name, value in backends[backend].items()},
        **(signing if row.signs_tokens else {}),
        **(account if row.signs_in else {}),
        **values,
    }


def databases(*aliases: str) -> dict[str, str]:
    """The variables that name the tests' own databases."""
    settings = {alias: connections[alias].settings_dict for alias in aliases}
    return {
        f"ECOM_{alias.upper()}_DSN": f"postgresql://ecom:ecom@127.0.0.1:{database['PORT']}/{database['NAME']}"
        for alias, database in settings.items()
    }


def manage(
    *arguments: str, environment: dict[str, str], folder: Path = REPOSITORY
) -> "subprocess.CompletedProcess[str]":
    """Run a folder's `manage.py` to its end, in this environment and no other."""
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


@contextmanager
def running_service(service: str, directory: Path, *, port: int = 0, **values: str) -> Iterator[ServiceAddress]:
    """Start a service on free loopback ports, wait until it answers, and stop it cleanly at the end."""
    port = port or free_port()
    serving = {
        "ECOM_BIND": f"127.0.0.1:{port}",
        "ECOM_MANAGEMENT_BIND": f"127.0.0.1:{port + 1}",
        "ECOM_WORKERS": "1",
        "ECOM_THREADS": "4",
        "PROMETHEUS_MULTIPROC_DIR": str(directory / f"{service}-metrics"),
    }
    environment = environment_of(service, **{**serving, **values})
    log = directory / f"{service}.log"
    command = [sys.executable, "-m", "gunicorn", "--config", "ecom/gunicorn.conf.py"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=output, stderr=output)
    address = ServiceAddress(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}", process)
    try:
        _wait_until_it_answers(address, log)
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=40)


def _wait_until_it_answers(address: ServiceAddress, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(f"{address.management}/healthz"):
        if address.process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the service did not start:\n{log.read_text()}")
        time.sleep(0.05)


def _answers(url: str) -> bool:
    try:
        return urllib3.request("GET", url, retries=False, timeout=2).status == 200
    except urllib3.exceptions.HTTPError:
        return False
