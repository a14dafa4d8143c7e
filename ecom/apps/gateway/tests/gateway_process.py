"""A gateway as it runs everywhere: gunicorn with the product's own configuration, in a process of its own."""

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
from prometheus_client.parser import text_string_to_metric_families

from ecom.apps.gateway.routes import RateClass
from local.servers import free_port
from tests.tokens import public_key_set, token

REPOSITORY = Path(__file__).resolve().parents[4]
START_SECONDS = 30
SIGNED_IN = f"Authorization: Bearer {token('U1')}"
SECRET = "only-for-tests-and-never-anywhere-else"


@dataclass
class Gateway:
    """A running gateway; `log` is what it printed."""

    process: subprocess.Popen[bytes]
    port: int
    management_port: int
    log: Path
    metrics: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def management_url(self) -> str:
        return f"http://127.0.0.1:{self.management_port}"

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def replace_processes(self) -> None:
        """New processes take the place of the old ones, which end what they have begun: as on a deployment."""
        self.process.send_signal(signal.SIGHUP)

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's values, of those with these labels."""
        metrics = urllib3.request("GET", f"{self.management_url}/metrics").data.decode()
        samples = (sample for family in text_string_to_metric_families(metrics) for sample in family.samples)
        return sum(each.value for each in samples if each.name == name and labels.items() <= each.labels.items())


@contextmanager
def running_gateway(folder: Path, upstream_url: str, **variables: str) -> Iterator[Gateway]:
    """A gateway in front of one server that stands for all services; stopped at the end of the block."""
    port, management_port = free_port(), free_port()
    metrics, log = folder / "metrics", folder / "gateway.log"
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONWARNINGS": "default",
        "ECOM_SERVICE": "gateway",
        "ECOM_SECRET_KEY": SECRET,
        "ECOM_VISITOR_KEY": SECRET,
        "ECOM_ALLOWED_HOSTS": "127.0.0.1,shop.example",
        "ECOM_TOKEN_KEYS": public_key_set(),
        "ECOM_WORKERS": "1",
        "ECOM_THREADS": "8",
        "ECOM_BIND": f"127.0.0.1:{port}",
        "ECOM_MANAGEMENT_BIND": f"127.0.0.1:{management_port}",
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "ECOM_DYNAMODB_ENDPOINT": f"http://127.0.0.1:{free_port()}",
        # All tests have the same address; those of the limits set their own.
        **{f"ECOM_RATE_LIMIT_{rate.upper()}": "100000/minute" for rate in RateClass},
        **{f"ECOM_UPSTREAM_{name}": upstream_url for name in ("CUSTOMERS", "CATALOG", "ORDERS", "ACTIVITY")},
        **variables,
    }
    command = [sys.executable, "-m", "gunicorn", "--config", "ecom/gunicorn.conf.py"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=output, stderr=output)
    gateway = Gateway(process, port, management_port, log, metrics)
    try:
        _wait_until_ready(gateway)
        yield gateway
    finally:
        process.terminate()
        try:
            process.wait(timeout=40)
        finally:
            process.kill()


def _wait_until_ready(gateway: Gateway) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and gateway.process.poll() is None:
        try:
            if urllib3.request("GET", f"{gateway.management_url}/readyz", retries=False, timeout=2).status == 200:
                return
        except urllib3.exceptions.HTTPError:
            time.sleep(0.05)
    raise AssertionError(f"the gateway did not start:\n{gateway.log.read_text()}")
