"""Runs the job on an embedded cluster until it is told to stop."""

import contextlib
import fcntl
import signal
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JError

from streaming import job, preflight, submission
from streaming.checkpoints import Plan, Start
from streaming.cluster import Cluster, end_leftovers
from streaming.failures import Failure
from streaming.flink_settings import embedded_settings, job_settings
from streaming.options import Options
from streaming.submission import Say

LOOK_SECONDS = 1.0
CANCEL_SECONDS = 10.0
OPTIMIZED = "== Optimized Execution Plan =="
GONE, FINISHED = "GONE", "FINISHED"
ENDED = ("FAILED", "CANCELED", GONE)


class JobFailed(Failure):
    """The job, or the cluster under it, ended by itself."""


class AlreadyRunning(Failure):
    """Another process runs the job with this state directory."""


def run(options: Options, say: Say) -> None:
    """Start or resume the job; return after SIGTERM or SIGINT, raise JobFailed where it ends by itself."""
    state_dir = Path(options.state_dir).resolve()
    stop = _stop_on_signal()
    with _only_one(state_dir):
        for pid in end_leftovers(state_dir):
            say(f"ended process {pid}, left behind by an earlier cluster")
        jars, partitions = preflight.find_jars(options), preflight.check(options)
        cluster = Cluster(state_dir, options.heap_mb)
        try:
            cluster.start()
            client = _submit(options, jars, partitions, say)
            if _watch(cluster, client, stop) == FINISHED:
                say("the job was stopped with a savepoint")
            else:
                say("stopping")
                _cancel(client)
        finally:
            cluster.stop()
            end_leftovers(state_dir)
    say("stopped")


def explain(options: Options) -> tuple[str, str]:
    """The optimized plan and its fingerprint."""
    with tempfile.TemporaryDirectory() as directory:
        cluster = Cluster(Path(directory), options.heap_mb, short_lived=True)
        cluster.start()
        try:
            jars = preflight.find_jars(options)
            environment = job.table_environment(job_settings(options) | embedded_settings(options, jars=jars))
            plan = job.build(environment, options, start=Start(), partitions=options.parallelism, run_id="").explain()
            return plan[plan.index(OPTIMIZED) :], job.fingerprint(options)
        finally:
            cluster.stop()


def _submit(options: Options, jars: list[Path], partitions: int, say: Say) -> Any:
    plan = Plan(options, job.fingerprint(options))
    run = plan.begin(attempt=str(uuid.uuid4()))
    client = submission.execute(options, run, embedded_settings(options, jars=jars), partitions, say)
    plan.forget_other_runs(run)
    say(f"run {run.run_id} is job {run.job_id}; Flink at http://127.0.0.1:{options.rest_port}")
    return client


def _watch(cluster: Cluster, client: Any, stop: threading.Event) -> str:
    """Return the job's state when asked to stop, or when `stop` ended it; raise where it ends by itself."""
    while not stop.wait(LOOK_SECONDS):
        if not cluster.is_running():
            raise JobFailed("the cluster ended: see jvm.log and flink.log")
        if (state := _state(client)) in ENDED:
            raise JobFailed(f"the job is {state}: see flink.log")
        if state == FINISHED:
            return state
    return _state(client)


def _cancel(client: Any) -> None:
    """Cancel, so that writers finish their calls; the newest checkpoint stays, and all after it is read again."""
    client.cancel()
    end = time.monotonic() + CANCEL_SECONDS
    while _state(client) not in (*ENDED, FINISHED) and time.monotonic() < end:
        time.sleep(0.1)


def _state(client: Any) -> str:
    """The job's state. The cluster ends with its job, mostly before anybody has asked: then by the job's result."""
    try:
        return str(client.get_job_status().result().name)
    except Py4JError:
        return FINISHED if _has_result(client) else GONE


def _has_result(client: Any) -> bool:
    """Whether the job came to its end without an error."""
    try:
        result = client.get_job_execution_result()
        return bool(result.done() and result.exception() is None)
    except Py4JError:
        return False


@contextlib.contextmanager
def _only_one(state_dir: Path) -> Iterator[None]:
    state_dir.mkdir(parents=True, exist_ok=True)
    with (state_dir / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"a job with the state directory {state_dir} is running") from None
        yield


def _stop_on_signal() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
