"""What staff did: an entry of Django's history for each object that somebody changed."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Model
from django.http import HttpRequest


def record(request: HttpRequest, objects: Iterable[Model], message: str) -> None:
    """Note that whoever is signed in changed these objects. One statement."""
    user: Any = request.user
    LogEntry.objects.log_actions(user.pk, list(objects), CHANGE, change_message=message)
