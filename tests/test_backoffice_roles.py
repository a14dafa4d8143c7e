"""A walk over every page and every action of the backoffice, by everybody: what is reachable is exactly this."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.db.models import Model
from django.test import Client
from django.urls import URLPattern, URLResolver
from django.utils import timezone

from ecom.apps.catalog.models import Category, Product, Reservation
from ecom.apps.customers.models import Account, Letter, ServiceAccount
from ecom.apps.orders.models import Order
from ecom.backoffice.roles import ROLES
from ecom.backoffice.tests.staff import verified

pytestmark = pytest.mark.django_db

OUTSIDE = {"login"}
ANY_STAFF = {"index", "search", "jsi18n", "password_change", "password_change_done", "backup_codes"}
NOWHERE = {"logout", "second_factor", "view_on_site"}  # a form's target, a step that is behind, and of no model here


def look(*models: str) -> set[str]:
    return {f"{model}_{page}" for model in models for page in ("changelist", "change", "history")}


PRODUCTS, CATEGORIES = look("catalog_product"), look("catalog_category")
REACHED = {
    "support": ANY_STAFF
    | {"app_list", "autocomplete", "catalog_product_export", "orders_order_bring"}
    | look("customers_account", "customers_letter", "orders_order", "catalog_reservation")
    | PRODUCTS
    | CATEGORIES,
    "catalog manager": ANY_STAFF
    | {"app_list", "autocomplete", "catalog_product_export"}
    | {"catalog_product_add", "catalog_product_change_prices", "catalog_product_change_stock"}
    | {"catalog_product_imports"}
    | {"catalog_category_add", "catalog_category_delete"}
    | look("catalog_reservation")
    | PRODUCTS
    | CATEGORIES,
}
REACHED["administrator"] = (
    REACHED["support"]
    | REACHED["catalog manager"]
    | look("customers_serviceaccount", "admin_logentry")
    | {"customers_account_add", "customers_serviceaccount_add"}
)
REACHED["superuser"] = REACHED["administrator"]

ORDER_ACTIONS = {"orders.order": {"paid", "shipped", "delivered"}}
CUSTOMER_ACTIONS = {"customers.account": {"deactivate", "reactivate", "erase"}}
CATALOG_ACTIONS = {
    "catalog.product": {"change_prices", "change_stock", "activate", "deactivate"},
    "catalog.category": {"delete_selected"},
}
ACTIONS: dict[str, dict[str, set[str]]] = {
    "support": CUSTOMER_ACTIONS | ORDER_ACTIONS,
    "catalog manager": CATALOG_ACTIONS,
    "administrator": ORDER_ACTIONS
    | CATALOG_ACTIONS
    | {"customers.account": CUSTOMER_ACTIONS["customers.account"] | {"reset_second_factor"}}
    | {"customers.serviceaccount": {"give_another_secret"}},
}
ACTIONS["superuser"] = ACTIONS["administrator"]


@pytest.fixture
def rows() -> dict[str, Model]:
    """A row of every model that the backoffice has."""
    customer = Account.objects.create_user("ada@example.com")
    category = Category.objects.create(name="Audio", slug="audio", path="audio")
    made: list[Model] = [
        customer,
        category,
        Product.objects.create(
            product_id="P1", title="Headphones", price_amount=1, currency="EUR", stock=1, category=category
        ),
        Reservation.objects.create(order_id="O1", state="held", expires_at=timezone.now()),
        Order.objects.create(customer_id=customer.public_id, currency="EUR", total_amount=1, placed_at=timezone.now()),
        ServiceAccount.objects.create(client_id="importer", audiences=["catalog"]),
        Letter.objects.create(kind="password-reset", email="ada@example.com", expires_at=timezone.now()),
        LogEntry.objects.create(user=customer, object_repr="something", action_flag=CHANGE),
    ]
    rows = {row._meta.label_lower: row for row in made}
    assert rows.keys() == {model._meta.label_lower for model in admin.site._registry}
    return rows


def patterns(found: list[Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """The name and the whole pattern of each page; those without a name lead to one that has one."""
    for pattern in found:
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern.url_patterns, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield pattern.name, prefix + str(pattern.pattern)


def pages(rows: dict[str, Model]) -> dict[str, str]:
    """The address of every page, with a row that there is."""
    addresses = {}
    for name, pattern in patterns(admin.site.get_urls()):
        row = next((row for label, row in rows.items() if pattern.startswith(f"{label.replace('.', '/')}/")), None)
        address = re.sub(r"<(path:object_id|int:pk|id)>", str(row.pk if row else 1), pattern)
        address = re.sub(r"\(\?P<app_label>[^)]*\)", "catalog", address).strip("^$")
        addresses[name] = f"/admin/{address}".replace("<str:to>", "PAID").replace("<path:content_type_id>", "1")
    addresses["autocomplete"] += "?app_label=catalog&model_name=product&field_name=category"
    assert not [address for address in addresses.values() if "<" in address]
    return addresses


def reached(client: Client, rows: dict[str, Model]) -> set[str]:
    return {name for name, address in pages(rows).items() if client.get(address).status_code == 200}


def staff(role: str) -> Account:
    account = Account.objects.create_user(f"{role.replace(' ', '-')}@example.com", is_staff=True)
    if role == "superuser":
        Account.objects.filter(pk=account.pk).update(is_superuser=True)
    else:
        account.groups.add(Group.objects.get(name=role))
    return account


def test_the_walk_knows_every_page(rows) -> None:
    assert REACHED["superuser"] | OUTSIDE | NOWHERE == pages(rows).keys() - {
        # What nobody may do to these models, whoever it is.
        f"{model}_{page}"
        for model, forbidden in {
            "admin_logentry": ("add", "delete"),
            "catalog_product": ("delete",),
            "catalog_reservation": ("add", "delete"),
            "customers_account": ("delete",),
            "customers_letter": ("add", "delete"),
            "customers_serviceaccount": ("delete",),
            "orders_order": ("add", "delete"),
        }.items()
        for page in forbidden
    }


@pytest.mark.parametrize("role", [*ROLES, "superuser"])
def test_each_role_reaches_its_pages_and_no_other(role: str, rows) -> None:
    assert reached(verified(Client(), staff(role)), rows) == REACHED[role]


def test_staff_without_a_role_reach_what_is_about_themselves(rows) -> None:
    nobody = Account.objects.create_user("new@example.com", is_staff=True)
    assert reached(verified(Client(), nobody), rows) == ANY_STAFF


def test_whoever_is_outside_reaches_the_sign_in_alone(rows) -> None:
    customer = Account.objects.get(email="ada@example.com")
    left = staff("administrator")
    deactivated = verified(Client(), left)
    Account.objects.filter(pk=left.pk).update(is_active=False)
    for client in (Client(), verified(Client(), customer), deactivated):
        assert reached(client, rows) == OUTSIDE


def test_an_administrator_with_a_password_alone_reaches_the_second_factor_alone(rows) -> None:
    client = Client()
    client.force_login(staff("superuser"))
    assert reached(client, rows) == {"second_factor"}
    for name, address in pages(rows).items():
        if name not in ("login", "second_factor", "logout"):
            answer = client.post(address, {"action": "erase", "confirmed": "yes", "_selected_action": ["1"]})
            assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (302, "/admin/login/"), name
    assert LogEntry.objects.count() == 1


def offered(client: Client, label: str) -> set[str]:
    """The actions that a list offers."""
    page = client.get(f"/admin/{label.replace('.', '/')}/").content.decode()
    choices = re.search(r'<select name="action".*?</select>', page, re.DOTALL)
    return set(re.findall(r'<option value="(\w+)"', choices[0])) if choices else set()


@pytest.mark.parametrize("role", [*ROLES, "superuser"])
def test_each_role_is_offered_its_actions_and_others_do_nothing(role: str, rows) -> None:
    client = verified(Client(), staff(role))
    assert {label: names for label in rows if (names := offered(client, label))} == ACTIONS[role]
    before = state(rows)
    for label, names in ACTIONS["superuser"].items():
        for name in names - ACTIONS[role].get(label, set()):
            data = {"action": name, "_selected_action": [rows[label].pk], "confirmed": "yes", "post": "yes"}
            client.post(f"/admin/{label.replace('.', '/')}/", data)
    assert state(rows) == before


def state(rows: dict[str, Model]) -> dict[str, Any]:
    return {label: list(type(row).objects.order_by("pk").values()) for label, row in rows.items()}  # type: ignore[attr-defined]
