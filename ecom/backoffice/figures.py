"""Figures of the index page: how many rows of a list need somebody's attention."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import ModelAdmin
from django.db import InterfaceError, OperationalError
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse

COUNTED_AT_MOST = 1000  # a count that goes on for ever tells nobody more


@dataclass(frozen=True, slots=True)
class Figure:
    """What a model's admin counts: the rows that fulfil `condition`, which its list shows under `query`."""

    title: str
    condition: Q
    query: str
    icon: str


@dataclass(frozen=True, slots=True)
class Counted:
    """A figure as the page shows it. `text` is the number, or what stands for it while the database is away."""

    title: str
    text: str
    url: str
    icon: str


def figures_for(request: HttpRequest, admins: dict[Any, "ModelAdmin[Any]"]) -> Iterator[Counted]:
    """The figures that this person may see, one statement each."""
    for model_admin in admins.values():
        figures = getattr(model_admin, "figures", ())
        if figures and model_admin.has_view_permission(request):
            for figure in figures:
                yield _counted(figure, request, model_admin)


def _counted(figure: Figure, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> Counted:
    options = model_admin.opts
    place = reverse(f"{model_admin.admin_site.name}:{options.app_label}_{options.model_name}_changelist")
    rows = model_admin.get_queryset(request).filter(figure.condition).order_by()[:COUNTED_AT_MOST]
    return Counted(figure.title, _number(rows), f"{place}?{figure.query}", figure.icon)


def _number(rows: Any) -> str:
    """One context's database that is away takes its own figures from the page, and no more."""
    try:
        number = rows.count()
    except (OperationalError, InterfaceError):
        return "unknown"
    return f"{number:,}" if number < COUNTED_AT_MOST else f"{COUNTED_AT_MOST:,} or more"
