"""What a service counts about itself."""

import urllib3
from prometheus_client.parser import text_string_to_metric_families

from local.servers.server import LOOPBACK
from local.stack import Stack


def metric(stack: Stack, service: str, name: str, **labels: str) -> float:
    """The sum of a metric's values since the service started, of those with these labels."""
    metrics = urllib3.request("GET", f"http://{LOOPBACK}:{stack.management_port(service)}/metrics").data.decode()
    samples = (sample for family in text_string_to_metric_families(metrics) for sample in family.samples)
    return sum(each.value for each in samples if each.name == name and labels.items() <= each.labels.items())
