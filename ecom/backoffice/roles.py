"""The roles of staff, declared here and nowhere else: each is a group with exactly these permissions.

An account has as many roles as an administrator gives it. Permissions are Django's: `app.verb_model`.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.apps import AppConfig
from django.contrib.auth.models import Group, Permission
from django.db import router


def _permissions(verbs: str, *models: str) -> frozenset[str]:
    named = [(verb, *model.split(".")) for model in models for verb in verbs.split()]
    return frozenset(f"{app}.{verb}_{model}" for verb, app, model in named)


_LOOK_AT_CATALOG = _permissions(
    "view", *(f"catalog.{name}" for name in ("product", "price", "category", "reservation", "reservationline"))
)
SUPPORT = (
    _permissions("view change", "customers.account", "orders.order")
    | _permissions("view", "customers.address", "customers.letter", "orders.orderline", "orders.ordertransition")
    | _LOOK_AT_CATALOG
)
CATALOG_MANAGER = (
    _LOOK_AT_CATALOG
    | _permissions("add change", "catalog.product", "catalog.category")
    | _permissions("delete", "catalog.category")
)
ADMINISTRATOR = (
    SUPPORT
    | CATALOG_MANAGER
    | _permissions("add manage_staff", "customers.account")
    | _permissions("view add change", "customers.serviceaccount")
    | _permissions("view", "admin.logentry")
)
ROLES = {"support": SUPPORT, "catalog manager": CATALOG_MANAGER, "administrator": ADMINISTRATOR}


def grant(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Bring the roles' permissions of one app to what is declared, after its migrations have run.

    Two statements where nothing is to be done. Groups made by hand are left alone.
    """
    if using != router.db_for_write(Group):
        return
    groups = Group.objects.in_bulk(ROLES, field_name="name")
    present = _present(sender.label)
    for role, permissions in ROLES.items():
        declared = {name.split(".")[1] for name in permissions if name.split(".")[0] == sender.label}
        if declared != present[role]:
            group = groups.get(role) or Group.objects.create(name=role)
            group.permissions.add(*_of(sender.label, declared - present[role]))
            group.permissions.remove(*_of(sender.label, present[role] - declared))


def _present(app: str) -> dict[str, set[str]]:
    """What the roles may do in one app, as it stands in the database."""
    granted: dict[str, set[str]] = defaultdict(set)
    permissions = Permission.objects.filter(content_type__app_label=app, group__name__in=ROLES)
    for role, codename in permissions.values_list("group__name", "codename"):
        granted[role].add(codename)
    return granted


def _of(app: str, codenames: Iterable[str]) -> Iterable[Permission]:
    return Permission.objects.filter(content_type__app_label=app, codename__in=codenames)
