"""A gateway that leaks, in a pod's size: its memory before and after a worker is replaced, and what is lost by that."""

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import urllib3

from bench import load, results
from local.credentials import secret, token_key_set
from local.servers import free_port
from local.servers.server import LOOPBACK, REPOSITORY

REQUEST_MIB, TARGET = 512, 0.8  # the gateway's request of memory, and its autoscaler's target
LEAKED_BYTES = 256 * 1024
MAX_REQUESTS = 1500
REQUESTS, CLIENTS = 5_500, 8
START_SECONDS = 60
LOOKS_A_SECOND, LATER = 4, 8  # and two seconds later


@dataclass
class Watched:
    """Memory of the service's processes (MiB, shared pages counted once) and their workers, a few times a second."""

    sizes: list[float] = field(default_factory=list)
    workers: set[int] = field(default_factory=set)

    def look(self, master: psutil.Process) -> None:
        """Measure now; a process that ends meanwhile is left out."""
        total = 0.0
        for process in (master, *master.children()):
            try:
                total += process.memory_full_info().pss / 2**20
            except psutil.Error:
                continue
        self.workers |= {child.pid for child in master.children()}
        self.sizes.append(total)

    def falls(self) -> Iterator[tuple[float, float]]:
        """Memory before each time that most of it was given back, and when the new worker had taken what it needs."""
        for at, (before, after) in enumerate(zip(self.sizes, self.sizes[1:], strict=False)):
            if after < before / 2 and before > max(self.sizes) / 2:
                yield before, self.sizes[min(at + LATER, len(self.sizes) - 1)]


def run() -> None:
    """Ask the gateway until several workers have been replaced, and record what its memory did."""
    with tempfile.TemporaryDirectory() as folder, _gateway(Path(folder)) as (process, address):
        watched, done = Watched(), threading.Event()
        watcher = threading.Thread(target=_watch, args=(psutil.Process(process.pid), watched, done))
        watcher.start()
        lost = _ask(address)
        done.set()
        watcher.join()
    falls = list(watched.falls())
    figures = [
        {
            "replaced": number,
            "memory_before_mib": before,
            "of_request_before": before / REQUEST_MIB,
            "memory_after_mib": after,
            "of_request_after": after / REQUEST_MIB,
            "above_target_before": before / REQUEST_MIB > TARGET,
            "below_target_after": after / REQUEST_MIB < TARGET,
        }
        for number, (before, after) in enumerate(falls, start=1)
    ]
    leak = f"A planted leak of {LEAKED_BYTES // 1024} KiB a request; one worker, replaced after {MAX_REQUESTS} requests"
    notes = [
        f"{leak} and up to a fifth more by chance; request {REQUEST_MIB} MiB, target {TARGET:.0%} of it.",
        f"{REQUESTS} requests by {CLIENTS} clients, {lost} of them lost; {len(watched.workers)} workers in all.",
    ]
    results.record("recycling", figures, notes=notes)


def _watch(master: psutil.Process, watched: Watched, done: threading.Event) -> None:
    while not done.wait(1 / LOOKS_A_SECOND):
        watched.look(master)


def _ask(address: str) -> int:
    """Send the requests; return how many were not answered as they should be. Nothing is sent again."""
    http = urllib3.PoolManager(maxsize=CLIENTS)

    def ask(_: int) -> bool:
        try:
            return http.request("GET", address, retries=False, timeout=30).status == 200
        except urllib3.exceptions.HTTPError:
            return False

    with ThreadPoolExecutor(CLIENTS) as clients:
        return sum(not answered for answered in clients.map(ask, range(REQUESTS)))


@contextmanager
def _gateway(folder: Path) -> "Iterator[tuple[subprocess.Popen[bytes], str]]":
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "ecom.settings",
        "ECOM_SERVICE": "gateway",
        "ECOM_SECRET_KEY": secret("secret_key"),
        "ECOM_VISITOR_KEY": secret("visitor_key"),
        "ECOM_TOKEN_KEYS": token_key_set(),
        "ECOM_ALLOWED_HOSTS": LOOPBACK,
        "AWS_REGION": "eu-central-1",
        **{f"ECOM_UPSTREAM_{name}": f"http://{LOOPBACK}:1" for name in ("CUSTOMERS", "CATALOG", "ORDERS", "ACTIVITY")},
        "ECOM_RATE_LIMIT_READS": "1000000/second",
        "ECOM_BIND": f"{LOOPBACK}:{port}",
        "ECOM_MANAGEMENT_BIND": f"{LOOPBACK}:{free_port()}",
        "ECOM_WORKERS": "1",
        "ECOM_MAX_REQUESTS": str(MAX_REQUESTS),
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
    }
    command = [sys.executable, "-m", "gunicorn", "--config", "ecom/gunicorn.conf.py", "bench.leaking:application"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=log, stderr=log)
    address = f"http://{LOOPBACK}:{port}/"
    try:
        load.wait_until_answers(address, seconds=START_SECONDS)
        yield process, address
    finally:
        process.terminate()
        process.wait(timeout=60)
