"""When a started stack is ready: every service answers, the catalogue is in, the Flink job has its first checkpoint."""

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent import futures
from functools import partial

from local.catalogue import catalogue_file
from local.logged_command import run_logged
from local.processes import answering, commands
from local.servers.server import REPOSITORY
from local.service_environment import service_environment
from local.stack import ANALYTICS, Stack
from local.steps import StepFailed, Steps, tail

SERVICE_SECONDS = 90
CHECKPOINT_SECONDS = 240
STOCK = "100"  # of each product: an Icecat export says nothing about it


class Stopped(Exception):
    """The stack is being stopped: there is nothing to wait for any more."""


class Readiness:
    """Waits for one start of a stack; `over` is set when the stack stops meanwhile."""

    def __init__(self, stack: Stack, *, over: threading.Event) -> None:
        self._stack = stack
        self._over = over
        self._begun = time.time()

    def wait(self, steps: Steps) -> None:
        """Return when all is ready. Raises StepFailed, or Stopped when `over` was set."""
        if self._over.is_set():
            raise Stopped
        waits: list[Callable[[Steps], None]] = [self._catalogue]
        waits += [partial(self._service, name=name) for name in answering(self._stack)]
        if ANALYTICS in commands(self._stack):
            waits.append(self._first_checkpoint)
        with futures.ThreadPoolExecutor(len(waits)) as pool:
            running = [pool.submit(wait, steps) for wait in waits]
            finished, _ = futures.wait(running, return_when=futures.FIRST_EXCEPTION)
            self._over.set()  # nothing is left to wait for, be it after the last success or the first failure
            failures = [failure for done in finished if (failure := done.exception())]
        if failures:
            raise failures[0]

    def _catalogue(self, steps: Steps) -> None:
        """Load the catalogue unless this file, as it is, was loaded before."""
        title, file, loaded = "Catalogue", catalogue_file(), self._stack.data / "catalogue.loaded"
        version = f"{file} {file.stat().st_size} {int(file.stat().st_mtime)}"
        if loaded.exists() and loaded.read_text() == version:
            return
        with steps.step(f"{title} from {file.name}"):
            run_logged(
                ["python", "manage.py", "load_catalogue", str(file), "--default-stock", STOCK],
                title=title,
                log=self._stack.log("catalogue"),
                cwd=REPOSITORY,
                env=service_environment("catalog", self._stack),
            )
        loaded.write_text(version)

    def _service(self, steps: Steps, *, name: str) -> None:
        url = self._stack.ready_url(name)
        with steps.step(f"{name} on port {self._stack.port(name)}"):
            self._until(lambda: answers_ok(url), name, seconds=SERVICE_SECONDS, what=f"{url} did not answer 200")

    def _first_checkpoint(self, steps: Steps) -> None:
        with steps.step("First checkpoint of the Flink job"):
            self._until(
                self._has_new_checkpoint, ANALYTICS, seconds=CHECKPOINT_SECONDS, what="no checkpoint was completed"
            )

    def _has_new_checkpoint(self) -> bool:
        # A folder without _metadata is not a checkpoint: it was begun and not finished.
        completed = self._stack.streaming_state.glob("**/chk-*/_metadata")
        return any(metadata.stat().st_mtime >= self._begun for metadata in completed)

    def _until(self, condition: Callable[[], bool], process: str, *, seconds: float, what: str) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if self._over.wait(0.2):
                raise Stopped
            if time.monotonic() > deadline:
                ends = "\n".join(tail(log) for log in self._stack.logs(process))
                raise StepFailed(process, f"{what} within {seconds:.0f} s.\n{ends}")


def answers_ok(url: str) -> bool:
    """True when the address answers 200."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:  # an error status is one too
        return False
