"""How gunicorn serves every service: two ports, threads, and a stop that loses nothing in flight.

The environment is read here because gunicorn reads this file before Django's settings exist.
"""

import multiprocessing
import os
import shutil
from pathlib import Path
from typing import Any

# Set before prometheus_client is imported anywhere: it decides at import whether metrics are shared by processes.
_metrics = Path(os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", "/tmp/ecom-metrics"))  # noqa: S108

bind = [
    os.environ.get("ECOM_BIND", "127.0.0.1:8000"),
    os.environ.get("ECOM_MANAGEMENT_BIND", "127.0.0.1:8100"),
]
wsgi_app = "ecom.wsgi:application"
worker_class = "ecom.deadline_worker.DeadlineWorker"
# One for each core where nothing says how many (Kubernetes: for each CPU that is requested). Settings divide the limits
# of a process's callers by it, so they are told too.
workers = int(os.environ.setdefault("ECOM_WORKERS", str(multiprocessing.cpu_count())))
threads = int(os.environ.get("ECOM_THREADS", "8"))
backlog = 512
keepalive = 75  # longer than a load balancer's or the gateway's idle time, so that they close first
timeout = 30
graceful_timeout = 25
# A worker that has served so many requests is replaced once it has answered what it has: what its memory grew by goes
# with it, and the autoscaler sees that. The jitter keeps workers from going at the same time. 0: never.
max_requests = int(os.environ.get("ECOM_MAX_REQUESTS", "50000"))
max_requests_jitter = max_requests // 5
limit_request_line = 8190
limit_request_fields = 64
limit_request_field_size = 8190
# Whose X-Forwarded-Proto is believed: addresses or networks of the proxies in front. gunicorn's own default believes
# every process of this machine, and lets it set the path besides.
forwarded_allow_ips = os.environ.get("ECOM_FORWARDED_ALLOW_IPS", "")
forwarder_headers = ""
control_socket_disable = True
loglevel = "warning"


def on_starting(server: Any) -> None:
    """Files of an earlier run would be added to this one's metrics."""
    shutil.rmtree(_metrics, ignore_errors=True)
    _metrics.mkdir(parents=True)


def worker_exit(server: Any, worker: Any) -> None:
    """What a context does beside answering ends while the interpreter is whole (the start: ecom/wsgi.py)."""
    from django.apps import apps

    for config in apps.get_app_configs() if apps.ready else ():
        if stop_serving := getattr(config, "stop_serving", None):
            stop_serving()


def child_exit(server: Any, worker: Any) -> None:
    """A dead worker's gauges no longer count; its counters stay."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
