"""Roles are what the code declares, whatever somebody made of their groups."""

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command

from ecom.backoffice.roles import ROLES

pytestmark = pytest.mark.django_db


def granted() -> dict[str, set[str]]:
    """What each group may do, as it stands in the database."""
    permissions = {group.name: group.permissions.select_related("content_type") for group in Group.objects.all()}
    return {name: {f"{p.content_type.app_label}.{p.codename}" for p in all_} for name, all_ in permissions.items()}


def test_migrating_makes_the_roles_with_exactly_what_is_declared() -> None:
    assert granted() == {name: set(permissions) for name, permissions in ROLES.items()}


def test_every_migration_brings_the_roles_back_to_what_is_declared() -> None:
    support = Group.objects.get(name="support")
    support.permissions.set(Group.objects.get(name="administrator").permissions.all())
    Group.objects.filter(name="catalog manager").delete()
    Group.objects.create(name="by hand")
    call_command("migrate", database="customers", verbosity=0)
    assert granted() == {"by hand": set(), **{name: set(permissions) for name, permissions in ROLES.items()}}
