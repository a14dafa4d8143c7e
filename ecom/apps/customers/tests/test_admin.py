"""The backoffice, as staff see it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ecom.apps.customers.models import Account, Address, Letter, OutboxEvent, ServiceAccount
from ecom.apps.customers.services.passwords import invite
from ecom.apps.customers.tests.conftest import ADDRESS, EMAIL, PASSWORD, Api, delivered, secret_in
from ecom.backoffice.second_factor import is_enrolled
from ecom.backoffice.tests.staff import verified

pytestmark = pytest.mark.django_db

ACCOUNTS = "/admin/customers/account/"


@pytest.fixture
def administrator(client: Client) -> Client:
    return verified(client, Account.objects.create_superuser("root@example.com", PASSWORD))


@pytest.fixture
def support(ada: Account) -> Iterator[Client]:
    """Somebody who looks after customers and says nothing about staff."""
    somebody = Account.objects.create_user("support@example.com", PASSWORD, is_staff=True)
    somebody.groups.set(Group.objects.filter(name="support"))
    return verified(Client(), somebody)


def signed_in(client: Client, email: str) -> Client:
    response = client.post("/admin/login/?next=/admin/", {"username": email.upper(), "password": PASSWORD})
    assert response.status_code == 302, response.content
    return client


def act(client: Client, name: str, *accounts: Account, **more: str) -> Any:
    data = {"action": name, "_selected_action": [account.pk for account in accounts], **more}
    return client.post(ACCOUNTS, data, follow=True)


def test_customers_sign_in_to_the_shop_and_not_to_the_backoffice(client: Client, ada: Account) -> None:
    response = client.post("/admin/login/", {"username": EMAIL, "password": PASSWORD})
    assert b"Please enter the correct" in response.content


def test_guessing_a_staff_password_is_throttled(client: Client, ada: Account) -> None:
    Account.objects.create_superuser("root@example.com", PASSWORD)
    for _ in range(7):
        client.post("/admin/login/", {"username": "root@example.com", "password": "a wrong one"})
    assert client.post("/admin/login/", {"username": "root@example.com", "password": PASSWORD}).status_code == 200
    elsewhere = Client(headers={"X-Forwarded-For": "203.0.113.9"})
    signed_in(elsewhere, "root@example.com")


@pytest.mark.parametrize("term", ["ada@", EMAIL, "lovel", "Lovelace"])
def test_customers_are_found_by_address_and_name(administrator: Client, ada: Account, term: str) -> None:
    Account.objects.filter(pk=ada.pk).update(family_name="Lovelace")
    assert ada.public_id in administrator.get(ACCOUNTS, {"q": term}).content.decode()
    assert ada.public_id in administrator.get(ACCOUNTS, {"q": ada.public_id}).content.decode()
    assert ada.public_id not in administrator.get(ACCOUNTS, {"q": "nobody"}).content.decode()


def test_the_page_of_a_customer_shows_addresses_and_no_password(administrator: Client, ada: Account) -> None:
    Address.objects.create(account=ada, **ADDRESS)
    page = administrator.get(f"{ACCOUNTS}{ada.pk}/change/").content.decode()
    assert ADDRESS["line1"] in page
    assert ada.password not in page
    assert "password" not in re.findall(r'name="(\w+)"', page)


def test_the_address_cannot_be_changed(administrator: Client, ada: Account) -> None:
    form = {"email": "other@example.com", "given_name": "Augusta", "family_name": "", "phone": "", "is_active": ""}
    management = {"addresses-TOTAL_FORMS": "0", "addresses-INITIAL_FORMS": "0"}
    assert administrator.post(f"{ACCOUNTS}{ada.pk}/change/", {**form, **management}).status_code == 302
    ada.refresh_from_db()
    assert (ada.given_name, ada.email, ada.is_active) == ("Augusta", EMAIL, True)


def test_new_staff_are_invited_by_mail(administrator: Client) -> None:
    form = {"email": "New@Example.com", "given_name": "", "family_name": "", "phone": "", "is_staff": "on"}
    management = {"addresses-TOTAL_FORMS": "0", "addresses-INITIAL_FORMS": "0"}
    response = administrator.post(f"{ACCOUNTS}add/", {**form, **management})
    assert response.status_code == 302, response.content
    account = Account.objects.get(email="new@example.com")
    assert (account.is_staff, account.has_usable_password()) == (True, False)
    (mail,) = delivered()
    Api().post("/auth/password/reset/confirm", token=secret_in(mail), new_password=PASSWORD)
    signed_in(Client(), "new@example.com")


def test_an_address_that_is_taken_is_refused_in_any_spelling(administrator: Client, ada: Account) -> None:
    management = {"addresses-TOTAL_FORMS": "0", "addresses-INITIAL_FORMS": "0"}
    response = administrator.post(f"{ACCOUNTS}add/", {"email": "ADA@example.com", **management})
    assert response.status_code == 200
    assert Account.objects.filter(email=EMAIL).count() == 1


def test_deactivating_ends_sessions_and_is_in_the_history(support: Client, ada: Account) -> None:
    api = Api().signed_in()
    act(support, "deactivate", ada)
    assert api.refresh(api.tokens["refresh_token"]).status_code == 401
    assert api.sign_in().status_code == 401
    assert LogEntry.objects.get().get_change_message() == "Deactivated."
    act(support, "reactivate", ada)
    assert api.sign_in().status_code == 200


def test_erasing_asks_first_and_keeps_nothing_of_the_person_in_the_history(support: Client, ada: Account) -> None:
    asked = act(support, "erase", ada)
    assert b"Nothing brings them back" in asked.content
    ada.refresh_from_db()
    assert ada.email == EMAIL

    act(support, "erase", ada, confirmed="yes")
    ada.refresh_from_db()
    assert ada.email is None
    assert OutboxEvent.objects.count() == 1
    entry = LogEntry.objects.get()
    assert (entry.object_repr, entry.get_change_message()) == (ada.public_id, "Erased.")
    page = support.get(f"{ACCOUNTS}{ada.pk}/change/")
    assert page.status_code == 200
    assert b"_save" not in page.content


def test_support_changes_no_staff_and_makes_nobody_staff(support: Client, ada: Account) -> None:
    staff = Account.objects.create_user("other@example.com", PASSWORD, is_staff=True)
    for name in ("deactivate", "erase"):
        assert act(support, name, staff, confirmed="yes").status_code == 403
    form = {"given_name": "Ada", "family_name": "", "phone": "", "is_staff": "on"}
    management = {"addresses-TOTAL_FORMS": "0", "addresses-INITIAL_FORMS": "0"}
    support.post(f"{ACCOUNTS}{ada.pk}/change/", {**form, **management})
    ada.refresh_from_db()
    staff.refresh_from_db()
    assert not ada.is_staff
    assert staff.is_active


def test_staff_are_not_erased(administrator: Client) -> None:
    staff = Account.objects.create_user("other@example.com", PASSWORD, is_staff=True)
    assert b"take the role away first" in act(administrator, "erase", staff, confirmed="yes").content
    staff.refresh_from_db()
    assert staff.email


def test_accounts_are_never_deleted(administrator: Client, ada: Account) -> None:
    assert administrator.post(f"{ACCOUNTS}{ada.pk}/delete/", {"post": "yes"}).status_code == 403
    assert act(administrator, "delete_selected", ada, post="yes").status_code == 200
    assert Account.objects.filter(pk=ada.pk).exists()


def secrets_shown(page: str) -> list[str]:
    return re.findall(r"shown this once: ([\w-]{43})", page)


def test_the_secret_of_a_service_account_is_shown_once(administrator: Client, api: Api) -> None:
    form = {"client_id": "importer", "scopes": "catalog:write", "audiences": "ecom,catalog", "is_active": "on"}
    made = administrator.post("/admin/customers/serviceaccount/add/", form, follow=True).content.decode()
    (secret,) = secrets_shown(made)
    account = ServiceAccount.objects.get()
    assert secrets_shown(administrator.get("/admin/customers/serviceaccount/").content.decode()) == []
    assert secret not in str(LogEntry.objects.values())
    grant = {"grant_type": "client_credentials", "client_id": "importer"}
    assert api.post("/auth/token", **grant, client_secret=secret).json()["scope"] == "catalog:write"

    chosen = {"action": "give_another_secret", "_selected_action": [account.pk]}
    again = administrator.post("/admin/customers/serviceaccount/", chosen, follow=True).content.decode()
    (other,) = secrets_shown(again)
    assert api.post("/auth/token", **grant, client_secret=secret).status_code == 401
    assert api.post("/auth/token", **grant, client_secret=other).status_code == 200
    page = administrator.get(f"/admin/customers/serviceaccount/{account.pk}/change/").content.decode()
    assert account.secret_digest not in page


def test_changing_a_service_account_keeps_its_secret(administrator: Client) -> None:
    form = {"client_id": "importer", "scopes": "", "audiences": "ecom", "is_active": "on"}
    administrator.post("/admin/customers/serviceaccount/add/", form)
    account = ServiceAccount.objects.get()
    where = f"/admin/customers/serviceaccount/{account.pk}/change/"
    assert administrator.post(where, {**form, "scopes": "activity:any"}).status_code == 302
    changed = ServiceAccount.objects.get()
    assert (changed.scopes, changed.secret_digest) == (["activity:any"], account.secret_digest)


def test_mails_can_be_looked_at_and_hold_no_secret(administrator: Client, ada: Account) -> None:
    invite(email=EMAIL)
    (mail,) = delivered()
    letter = Letter.objects.get()
    assert EMAIL in administrator.get("/admin/customers/letter/").content.decode()
    page = administrator.get(f"/admin/customers/letter/{letter.pk}/change/").content.decode()
    assert secret_in(mail) not in page
    assert str(letter.digest) not in page


def test_a_customers_page_leads_to_the_orders(administrator: Client, ada: Account) -> None:
    page = administrator.get(f"{ACCOUNTS}{ada.pk}/change/").content.decode()
    assert f"/admin/orders/order/?customer_id={ada.public_id}" in page


def test_saving_a_form_writes_what_was_changed_in_it_and_nothing_else(support: Client, ada: Account) -> None:
    """The customer may write to the same row while the form is open."""
    form = {"given_name": "Augusta", "family_name": "", "phone": ""}
    management = {"addresses-TOTAL_FORMS": "0", "addresses-INITIAL_FORMS": "0"}
    with CaptureQueriesContext(connections["customers"]) as statements:
        support.post(f"{ACCOUNTS}{ada.pk}/change/", {**form, **management})
    (update,) = [query["sql"] for query in statements if query["sql"].startswith('UPDATE "customers_account"')]
    assert re.findall(r"SET (.*) WHERE", update) == ["\"given_name\" = 'Augusta'"]


def test_a_lost_second_factor_is_reset_by_an_administrator_and_is_in_the_history(
    administrator: Client, support: Client
) -> None:
    lost = Account.objects.get(email="support@example.com")
    assert support.get("/admin/").status_code == 200
    act(support, "reset_second_factor", lost)
    assert is_enrolled(lost)
    act(administrator, "reset_second_factor", lost)
    assert not is_enrolled(lost)
    assert support.get("/admin/").status_code == 302
    entry = LogEntry.objects.get()
    assert (entry.object_repr, entry.get_change_message()) == (lost.public_id, "Second factor reset.")


def test_an_administrator_gives_a_role(administrator: Client, ada: Account) -> None:
    role = Group.objects.get(name="catalog manager")
    form = {"given_name": "", "family_name": "", "phone": "", "is_staff": "on", "groups": [role.pk]}
    management = {"addresses-TOTAL_FORMS": "0", "addresses-INITIAL_FORMS": "0"}
    assert administrator.post(f"{ACCOUNTS}{ada.pk}/change/", {**form, **management}).status_code == 302
    assert Account.objects.get(pk=ada.pk).has_perm("catalog.change_product")
