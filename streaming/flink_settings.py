"""Flink's settings: what the job needs on any cluster, and what the embedded one needs beside it."""

import sys
from collections.abc import Sequence
from pathlib import Path

from streaming.checkpoints import Run
from streaming.options import Options

LOOPBACK = "127.0.0.1"


def job_settings(options: Options) -> dict[str, str]:
    """What makes the job right and fast wherever it runs."""
    return {
        "pipeline.name": options.job_name,
        "parallelism.default": str(options.parallelism),
        "pipeline.object-reuse": "true",
        "state.backend.type": "hashmap",
        "execution.checkpointing.interval": f"{options.checkpoint_seconds} s",
        "execution.checkpointing.num-retained": "3",
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        "restart-strategy.type": "exponential-delay",
        "restart-strategy.exponential-delay.initial-backoff": "1 s",
        "restart-strategy.exponential-delay.max-backoff": "30 s",
        # A minute's windows come at once: batches large enough to keep all calls to DynamoDB busy, handed on soon.
        "python.fn-execution.bundle.size": "2000",
        "python.fn-execution.arrow.batch.size": "2000",
        "python.fn-execution.bundle.time": "200",
    }


def run_settings(run: Run, *, version: str) -> dict[str, str]:
    """What belongs to one run: where it keeps its checkpoints, what it begins with, and what it says of itself."""
    said = {"run_id": run.run_id, "version": version, "fingerprint": run.fingerprint}
    settings = {
        "$internal.pipeline.job-id": run.job_id,
        "pipeline.global-job-parameters": ",".join(f"{name}:{value}" for name, value in said.items()),
        "execution.checkpointing.dir": run.plan,
    }
    return settings | ({"execution.state-recovery.path": run.resume_from} if run.resume_from else {})


def embedded_settings(options: Options, *, jars: Sequence[Path]) -> dict[str, str]:
    """What the embedded cluster needs: everything on loopback, state on this machine's disk."""
    return {
        "execution.target": "local",
        "python.executable": sys.executable,
        "python.client.executable": sys.executable,
        "pipeline.jars": _urls(jars),
        "rest.address": LOOPBACK,
        "rest.bind-address": LOOPBACK,
        "rest.port": str(options.rest_port),
        "rest.bind-port": str(options.rest_port),
        "jobmanager.bind-host": LOOPBACK,
        "taskmanager.bind-host": LOOPBACK,
        "taskmanager.host": LOOPBACK,
        "metrics.fetcher.update-interval": "1000",
        "taskmanager.memory.managed.size": "256m",
        "taskmanager.memory.network.max": "128m",
    }


def remote_settings(options: Options, *, jars: Sequence[Path], code: Path) -> dict[str, str]:
    """What a submission to a cluster needs: where it is, and all that its processes have to be given."""
    return {
        "execution.target": "remote",
        "execution.attached": "false",
        "rest.address": options.rest_address,
        "rest.port": str(options.rest_port),
        "pipeline.jars": _urls(jars),
        "python.files": str(code),
        "python.executable": options.python_executable or sys.executable,
        "python.client.executable": sys.executable,
    }


def _urls(jars: Sequence[Path]) -> str:
    return ";".join(jar.resolve().as_uri() for jar in jars)
