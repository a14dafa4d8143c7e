"""The supervised processes: the lines of `local/Procfile`, each with its environment."""

from pathlib import Path

from honcho.environ import parse_procfile

from ecom.services import SERVICES
from local.credentials import service_token
from local.servers.server import LOOPBACK
from local.service_environment import analytics_environment, import_environment, service_environment
from local.stack import ANALYTICS, MARKER, PORTS, WORKERS, Stack

PROCFILE = Path(__file__).with_name("Procfile")
# The two busiest services get a process for each core of the smallest machine, the others one.
PROCESSES = {"gateway": 2, "activity": 2}
# Threads that wait: at the gateway for the services, in activity for Kafka.
THREADS = {"gateway": 32, "activity": 16}
# In the cloud streams have pods of their own; here a worker that is replaced would end those that it holds.
KEPT = {"gateway": {"ECOM_MAX_REQUESTS": "0"}}
# Processes that run under another name than their service's.
SERVICE_OF = {"shoppers": "activity"}
# Processes without a row in the table of services.
NO_SERVICES = {ANALYTICS: analytics_environment, "product-import": import_environment}
SHOPPERS = "shoppers"
ACTIVITY = "activity"


def commands(stack: Stack) -> dict[str, str]:
    """The command line of each process that this stack runs."""
    lines: dict[str, str] = dict(parse_procfile(PROCFILE.read_text()).processes)
    if stack.recorded_time or not stack.shoppers:
        lines.pop(SHOPPERS, None)
    return lines


def environment(process: str, stack: Stack) -> dict[str, str]:
    """The variables that a supervised process is started with."""
    if process not in PORTS:
        return {**command_environment(process, stack), MARKER: str(stack.directory)}
    return {**_own_environment(process, stack), **_serving(process, stack), MARKER: str(stack.directory)}


def command_environment(process: str, stack: Stack) -> dict[str, str]:
    """The variables for a command in a process's place. Raises ValueError for an unknown name."""
    return {**_own_environment(process, stack), **_as_shoppers(process, stack)}


def answering(stack: Stack) -> list[str]:
    """The processes that answer HTTP."""
    return [name for name in commands(stack) if name in PORTS]


def _own_environment(process: str, stack: Stack) -> dict[str, str]:
    if process in NO_SERVICES:
        return NO_SERVICES[process](stack)
    service = SERVICE_OF.get(process, process)
    if service not in SERVICES:
        raise ValueError(f"there is no service {service!r}; there are {', '.join([*SERVICES, *NO_SERVICES])}")
    return service_environment(service, stack)


def _as_shoppers(process: str, stack: Stack) -> dict[str, str]:
    """For commands that send events as many shoppers: the gateway, and an account that may speak for any of them."""
    row = SERVICES.get(SERVICE_OF.get(process, process))
    if row is None or ACTIVITY not in row.contexts:
        return {}
    return {"ECOM_GATEWAY_URL": stack.url("gateway"), "ECOM_REPLAY_TOKEN": service_token("activity:any")}


def _serving(process: str, stack: Stack) -> dict[str, str]:
    """What `ecom/gunicorn.conf.py` and `ecom/celery.py` read."""
    managed = {
        "ECOM_MANAGEMENT_BIND": f"{LOOPBACK}:{stack.management_port(process)}",
        "PROMETHEUS_MULTIPROC_DIR": str(stack.directory / "metrics" / process),
    }
    if process in WORKERS:
        return managed
    return {
        **managed,
        "ECOM_BIND": f"{LOOPBACK}:{stack.port(process)}",
        "ECOM_WORKERS": str(PROCESSES.get(process, 1)),
        "ECOM_THREADS": str(THREADS.get(process, 8)),
        **KEPT.get(process, {}),
    }
