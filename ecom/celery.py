"""The worker: Celery over SQS, its tasks and their schedule.

Run as `celery --app ecom.celery worker` and, once, `celery --app ecom.celery beat`, with `ECOM_SERVICE=worker`.
"""

import os
from datetime import timedelta
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecom.settings")

from django.conf import settings
from django.core.management import call_command

from ecom import sqs_transport

# A task that runs longer is ended. SQS hands a message out again when its visibility times out: the queue's own
# timeout must be the longer one, or a slow task would run twice at once.
TASK_SECONDS = 300
VISIBILITY_SECONDS = 900

QUEUE = settings.BROKER_QUEUE_URL.rpartition("/")[2]

sqs_transport.register()
app = Celery("ecom")
app.autodiscover_tasks()  # the module `tasks` of each context that is loaded
app.conf.update(
    broker_url=settings.BROKER_URL,
    broker_transport_options={
        # Named here, so that the worker needs no right to list or make queues, and none is made by a wrong name.
        "predefined_queues": {QUEUE: {"url": settings.BROKER_QUEUE_URL}},
        "region": settings.AWS_REGION,
        "is_secure": settings.BROKER_QUEUE_URL.startswith("https://"),
        "visibility_timeout": VISIBILITY_SECONDS,
        "wait_time_seconds": 10,  # long polling
    },
    broker_connection_retry_on_startup=True,
    task_default_queue=QUEUE,
    # A message is deleted after its task, not before: a worker that dies gives it back. So tasks can come twice.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    task_time_limit=TASK_SECONDS,
    task_soft_time_limit=TASK_SECONDS - 30,
    # SQS has neither broadcasts nor a place for results.
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    task_ignore_result=True,
    # In memory: beat runs once, and what it missed while it was away comes with the next turn.
    beat_scheduler="celery.beat:Scheduler",
    beat_schedule={
        # One that waits for a worker longer than this is as good as the next.
        "send letters": {
            "task": "customers.send_letters",
            "schedule": timedelta(seconds=5),
            "options": {"expires": 5},
        },
        "purge customers": {"task": "customers.purge", "schedule": timedelta(hours=1)},
        "clear expired sessions": {"task": "ecom.celery.clear_expired_sessions", "schedule": timedelta(hours=1)},
    },
    timezone="UTC",
)


@setup_logging.connect  # type: ignore[untyped-decorator] # celery brings no types
def keep_djangos_logging(**kwargs: Any) -> None:
    """Celery sets up no logging of its own where this signal has a receiver; Django's writes JSON."""


@app.task  # type: ignore[untyped-decorator]
def clear_expired_sessions() -> None:
    """Delete the backoffice's sessions that have ended; their rows would stay for ever."""
    call_command("clearsessions")
