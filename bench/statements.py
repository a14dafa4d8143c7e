"""How many SQL statements a service has sent, by its own metrics."""

import urllib3
from prometheus_client.parser import text_string_to_metric_families

from local.servers.server import LOOPBACK
from local.stack import Stack


def statements(stack: Stack, *services: str) -> float:
    """All statements that these services have sent to their databases since they started."""
    return sum(_sent(stack, service) for service in services)


def _sent(stack: Stack, service: str) -> float:
    metrics = urllib3.request("GET", f"http://{LOOPBACK}:{stack.management_port(service)}/metrics").data.decode()
    return sum(
        sample.value
        for family in text_string_to_metric_families(metrics)
        for sample in family.samples
        if sample.name == "django_db_execute_total" and sample.labels["alias"] == service
    )
