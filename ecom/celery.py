"""The workers: Celery over SQS, one worker and one queue for each context, and the schedule of all of them.

Run as `celery --app ecom.celery worker` with `ECOM_SERVICE=<context>-worker`, and once, with `ECOM_SERVICE=beat`, as
`celery --app ecom.celery beat`. When a message comes again and when it is put aside: docs/adr/0010.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

# Set before prometheus_client is imported: it decides then whether the main process and its children share metrics.
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", "/tmp/ecom-metrics")  # noqa: S108
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecom.settings")

from celery import Celery
from celery.beat import ScheduleEntry, SchedulingError
from celery.beat import Scheduler as CelerysScheduler
from celery.signals import beat_init, setup_logging, worker_init, worker_process_init
from django.conf import settings

from ecom import sqs_transport, task_metrics
from ecom.worker_health import HEALTH, ManagementServer, forget_earlier_processes

_metrics = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
_metrics.mkdir(parents=True, exist_ok=True)  # before Django is set up: its metrics begin with it

# A task that runs longer is ended. SQS hands a message out again when its visibility times out: the queue's own
# timeout must be the longer one, or a slow task would run twice at once.
TASK_SECONDS = 300
VISIBILITY_SECONDS = 900
# How long a main process may be without a sign of life: a worker asks for no message while its children are all busy.
WORKER_SILENCE_SECONDS = TASK_SECONDS + 60
BEAT_SILENCE_SECONDS = 120


def _every(task: str, seconds: float, *, again: bool = False) -> dict[str, Any]:
    """An entry of the schedule. A run that no worker begins before the next one is due, or that fails, is dropped: the
    next one does its work too. With `again` it stays in the queue until it has succeeded, or is put aside.
    """
    options = {} if again else {"expires": max(seconds, 5)}
    return {"task": task, "schedule": timedelta(seconds=seconds), "options": options}


HOUR = 3600
SCHEDULE = [
    _every("customers.send_letters", 5),
    _every("customers.relay_events", 10),
    _every("customers.purge", HOUR, again=True),
    _every("catalog.expire_reservations", 10),
    _every("catalog.purge_reservations", HOUR, again=True),
    _every("catalog.purge_bulk_writes", HOUR, again=True),
    _every("orders.settle_reservations", 2),
    _every("orders.relay_events", 10),
    _every("orders.consume_customer_events", 30),
    _every("orders.expire_unpaid", 60),
    _every("orders.reconcile", 300),
    _every("orders.purge", HOUR, again=True),
]
# Each context's queue: its name is the end of its URL, its tasks have the context's name before a dot.
QUEUES = {context: url.rpartition("/")[2] for context, url in settings.BROKER_QUEUES.items()}

sqs_transport.register()
app = Celery("ecom")
app.autodiscover_tasks()  # the module `tasks` of each context that is loaded: of one in a worker, of none in beat
app.conf.update(
    broker_url=settings.BROKER_URL,
    broker_transport_options={
        # Named here, so that the worker needs no right to list or make queues, and none is made by a wrong name.
        "predefined_queues": {QUEUES[context]: {"url": url} for context, url in settings.BROKER_QUEUES.items()},
        "region": settings.AWS_REGION,
        "is_secure": settings.BROKER_QUEUE_PREFIX.startswith("https://"),
        "visibility_timeout": VISIBILITY_SECONDS,
        "wait_time_seconds": 10,  # long polling
        # Of calls that the main process waits for: botocore's own would stop it for minutes.
        "client-config": {"connect_timeout": 3, "read_timeout": 10, "retries": {"total_max_attempts": 2}},
    },
    broker_connection_retry_on_startup=True,
    task_queues={name: {"exchange": name, "routing_key": name} for name in QUEUES.values()},
    task_routes={f"{context}.*": {"queue": name} for context, name in QUEUES.items()},
    task_create_missing_queues=False,
    # A message is deleted after its task, not before: a worker that dies gives it back. So tasks can come twice.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    # Nor is it deleted after a failure: it comes again, and is put aside after the fifth time.
    task_acks_on_failure_or_timeout=False,
    worker_prefetch_multiplier=1,
    task_time_limit=TASK_SECONDS,
    task_soft_time_limit=TASK_SECONDS - 30,
    # SQS has neither broadcasts nor a place for results.
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    task_ignore_result=True,
    # In memory: beat runs once, and what it missed while it was away comes with the next turn.
    beat_scheduler="ecom.celery:Scheduler",
    beat_schedule={entry["task"]: entry for entry in SCHEDULE},
    timezone="UTC",
)


class Scheduler(CelerysScheduler):  # type: ignore[misc] # celery brings no types
    """Celery's, in memory, that notes whether the broker took what was due."""

    def apply_async(self, entry: ScheduleEntry, *args: Any, **kwargs: Any) -> Any:
        try:
            result = super().apply_async(entry, *args, **kwargs)
        except SchedulingError as error:  # logged by beat, which goes on
            HEALTH.note(answered=False, reason=str(error))
            raise
        HEALTH.note(answered=True)
        return result


@setup_logging.connect  # type: ignore[untyped-decorator]
def keep_djangos_logging(**kwargs: Any) -> None:
    """Celery sets up no logging of its own where this signal has a receiver; Django's writes JSON."""


@worker_init.connect  # type: ignore[untyped-decorator]
def start_worker(**kwargs: Any) -> None:
    """In the main process, before it forks: health, metrics, and a count of what its children do."""
    forget_earlier_processes(_metrics)
    server = ManagementServer(silence_allowed=WORKER_SILENCE_SECONDS)
    worker_process_init.connect(lambda **kwargs: server.let_go(), weak=False)
    task_metrics.observe_tasks()
    server.start()


@beat_init.connect  # type: ignore[untyped-decorator]
def start_beat(**kwargs: Any) -> None:
    """Health and metrics of beat."""
    forget_earlier_processes(_metrics)
    ManagementServer(silence_allowed=BEAT_SILENCE_SECONDS).start()
