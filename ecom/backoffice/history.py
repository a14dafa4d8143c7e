"""What staff did: an entry of Django's history for each object that somebody changed."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.http import HttpRequest


def record(request: HttpRequest, objects: Iterable[Model], message: str) -> None:
    """Note that whoever is signed in did the same to these objects. One statement."""
    record_each(request, dict.fromkeys(objects, message))


def record_for_model(request: HttpRequest, model: type[Model], name: str, message: str) -> None:
    """Note that whoever is signed in added something that is no row yet, such as a file of them. One statement."""
    user: Any = request.user
    LogEntry.objects.create(
        user_id=user.pk,
        content_type=ContentType.objects.get_for_model(model),
        object_repr=name[:200],
        action_flag=ADDITION,
        change_message=message,
    )


def record_each(request: HttpRequest, messages: Mapping[Any, str]) -> None:
    """Note what whoever is signed in did to each of these objects. One statement."""
    user: Any = request.user
    LogEntry.objects.bulk_create(
        LogEntry(
            user_id=user.pk,
            content_type=ContentType.objects.get_for_model(changed),
            object_id=str(changed.pk),
            object_repr=str(changed)[:200],
            action_flag=CHANGE,
            change_message=message,
        )
        for changed, message in messages.items()
    )
