"""The sidebar: what staff look for, in their words rather than by Django's apps."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse_lazy

# Sections with their models: title, icon (Material Symbols). A model whose context is not loaded is left out.
SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "Catalog": {
        "catalog.product": ("Products", "inventory_2"),
        "catalog.category": ("Categories", "account_tree"),
        "catalog.reservation": ("Reservations", "hourglass_top"),
    },
    "Orders": {"orders.order": ("Orders", "shopping_cart")},
    "Customers": {
        "customers.account": ("Accounts", "group"),
        "customers.letter": ("Mails", "mail"),
    },
    "Access": {
        "customers.serviceaccount": ("Service accounts", "smart_toy"),
        "admin.logentry": ("History", "history"),
    },
}


def sections(request: HttpRequest) -> list[dict[str, Any]]:
    """The sections for unfold's sidebar, with what this person may see and nothing else."""
    admins = {model._meta.label_lower: model_admin for model, model_admin in admin.site._registry.items()}
    seen = {label for label, model_admin in admins.items() if model_admin.has_view_or_change_permission(request)}
    overview = {"items": [{"title": "Overview", "icon": "home", "link": reverse_lazy("admin:index")}]}
    return [overview, *(_section(title, models, seen) for title, models in SECTIONS.items())]


def _section(title: str, models: dict[str, tuple[str, str]], seen: set[str]) -> dict[str, Any]:
    items = [_item(label, *models[label]) for label in models if label in seen]
    return {"title": title, "separator": True, "items": items}


def _item(label: str, title: str, icon: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{label.replace('.', '_')}_changelist")}


def account_links(request: HttpRequest) -> list[dict[str, Any]]:
    """What stands in the menu below one's own name."""
    return [
        {"title": "Change password", "link": reverse_lazy("admin:password_change")},
        {"title": "Backup codes", "link": reverse_lazy("admin:backup_codes")},
    ]
