"""How many SQL statements a service has sent, by its own metrics."""

from bench.metrics import metric
from local.stack import Stack


def statements(stack: Stack, *services: str) -> float:
    """All statements that these services have sent to their databases since they started."""
    return sum(metric(stack, service, "django_db_execute_total", alias=service) for service in services)
