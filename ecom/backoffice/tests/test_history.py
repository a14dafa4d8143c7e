"""What staff did can be looked up, by administrators, and changed by nobody."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.db import connections
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from ecom.backoffice.history import record
from ecom.backoffice.tests.staff import verified

pytestmark = pytest.mark.django_db
HISTORY = "/admin/admin/logentry/"


@pytest.fixture
def root(client: Client) -> Any:
    return get_user_model().objects.create_superuser("root@example.com", "a long enough passphrase")


@pytest.fixture
def administrator(client: Client, root) -> Client:
    return verified(client, root)


def people(number: int) -> list[Any]:
    accounts = get_user_model().objects
    return [accounts.create(email=f"{number}-{n}@example.com") for n in range(number)]


def act(actor: Any, objects: list[Any], message: str) -> None:
    request = RequestFactory().post("/")
    request.user = actor
    record(request, objects, message)


def test_the_history_is_searched_by_object_and_by_who(administrator: Client, root) -> None:
    other = get_user_model().objects.create_user("other@example.com", is_staff=True)
    act(root, [other], "Deactivated.")
    act(other, [root], "Reactivated.")
    for term, found in [(other.public_id, "Deactivated."), ("other@example.com", "Reactivated.")]:
        assert found in administrator.get(HISTORY, {"q": term}).content.decode()
    assert "ctivated." not in administrator.get(HISTORY, {"q": "nobody@example.com"}).content.decode()


def test_the_history_cannot_be_changed(administrator: Client, root) -> None:
    act(root, [root], "Deactivated.")
    entry = LogEntry.objects.get()
    assert administrator.get(f"{HISTORY}add/").status_code == 403
    page = f"{HISTORY}{entry.pk}/change/"
    assert b"Deactivated." in administrator.get(page).content
    assert administrator.post(page, {"object_repr": "nothing"}).status_code == 403
    assert administrator.post(f"{HISTORY}{entry.pk}/delete/", {"post": "yes"}).status_code == 403
    administrator.post(HISTORY, {"action": "delete_selected", "_selected_action": [entry.pk], "post": "yes"})
    assert LogEntry.objects.count() == 1


def test_a_list_costs_the_same_statements_for_one_entry_as_for_fifty(administrator: Client, root) -> None:
    counts = []
    for number in (1, 49):
        act(root, people(number), "Changed.")
        with CaptureQueriesContext(connections["customers"]) as statements:
            assert administrator.get(HISTORY).status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 9


def test_many_entries_are_one_statement(root) -> None:
    everybody = people(200)
    with CaptureQueriesContext(connections["customers"]) as statements:
        act(root, everybody, "Changed.")
    assert len([query for query in statements if "INSERT" in query["sql"]]) == 1
