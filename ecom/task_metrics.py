"""Tasks counted and timed by name, in the process that runs them."""

import time
from typing import Any

from celery import Task
from celery.signals import task_failure, task_postrun, task_prerun
from prometheus_client import Counter, Histogram

TASK_SECONDS = Histogram(
    "ecom_task_duration_seconds",
    "Time that a task ran, whatever became of it.",
    ["task"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0),
)
TASK_FAILURES = Counter(
    "ecom_task_failures", "Runs of a task that ended with an error or were ended.", ["task", "error"]
)

_begun: dict[str, float] = {}


def observe_tasks() -> None:
    """Observe every task of this process and those that it forks from now on."""
    task_prerun.connect(_begin)
    task_postrun.connect(_end)
    task_failure.connect(_count_failure)


def _begin(task_id: str, **kwargs: Any) -> None:
    _begun[task_id] = time.monotonic()


def _end(task_id: str, task: Task, **kwargs: Any) -> None:
    if (begun := _begun.pop(task_id, None)) is not None:
        TASK_SECONDS.labels(task.name).observe(time.monotonic() - begun)


def _count_failure(sender: Task, exception: BaseException, **kwargs: Any) -> None:
    """Called where it ran, and in the main process for one whose child was lost or ended."""
    TASK_FAILURES.labels(sender.name, type(exception).__name__).inc()
