"""Flink's settings: what the job needs on any cluster, and what the embedded one needs beside it."""

import sys
from collections.abc import Sequence
from pathlib import Path

from streaming.options import Options


def job_settings(options: Options) -> dict[str, str]:
    """What makes the job right and fast wherever it runs."""
    return {
        "pipeline.name": "ecom-streaming",
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


def embedded_settings(
    options: Options, *, jars: Sequence[Path], checkpoints: Path, resume_from: Path | None
) -> dict[str, str]:
    """What the embedded cluster needs: everything on loopback, state on this machine's disk."""
    embedded = {
        "execution.target": "local",
        "python.executable": sys.executable,
        "python.client.executable": sys.executable,
        "pipeline.jars": ";".join(jar.resolve().as_uri() for jar in jars),
        "rest.address": "127.0.0.1",
        "rest.bind-address": "127.0.0.1",
        "rest.port": str(options.rest_port),
        "rest.bind-port": str(options.rest_port),
        "jobmanager.bind-host": "127.0.0.1",
        "taskmanager.bind-host": "127.0.0.1",
        "taskmanager.host": "127.0.0.1",
        "metrics.fetcher.update-interval": "1000",
        "taskmanager.memory.managed.size": "256m",
        "taskmanager.memory.network.max": "128m",
        "execution.checkpointing.dir": checkpoints.resolve().as_uri(),
    }
    return embedded | ({"execution.state-recovery.path": resume_from.resolve().as_uri()} if resume_from else {})
