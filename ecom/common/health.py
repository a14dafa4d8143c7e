"""Liveness, readiness and metrics, answered on the management port and nowhere else."""

from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, connections
from django.http import HttpRequest, HttpResponse, JsonResponse

MANAGEMENT_URLCONF = "ecom.urls.management"


class ManagementPortMiddleware:
    """Answers requests that came in on the management port with the management URLs, and only those."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.META["SERVER_PORT"] == settings.MANAGEMENT_PORT:
            request.urlconf = MANAGEMENT_URLCONF  # Django's own override for one request
        return self.get_response(request)


def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process can answer at all. It asks nobody else: a restart would not mend another's fault."""
    return JsonResponse({"status": "ok", "service": settings.SERVICE_NAME})


def readyz(request: HttpRequest) -> HttpResponse:
    """200 when each of this service's databases answers, else 503.

    Kafka and DynamoDB are not asked: without them the service still answers, with an error that says what to do.
    """
    checks = {alias: _database_answers(alias) for alias in settings.DATABASES if alias != "default"}
    ready = all(checks.values())
    body = {
        "status": "ready" if ready else "unavailable",
        "service": settings.SERVICE_NAME,
        "databases": checks,
    }
    return JsonResponse(body, status=200 if ready else 503)


def _database_answers(alias: str) -> bool:
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True
