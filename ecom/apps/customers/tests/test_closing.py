import pytest
from django.db import connections

from ecom.apps.customers.models import Account, Address, Letter, OutboxEvent, RefreshToken, Session
from ecom.apps.customers.services import closing, sessions
from ecom.apps.customers.tests.conftest import ADDRESS, EMAIL, PASSWORD, Api, delivered

pytestmark = pytest.mark.django_db


def everything() -> str:
    """All that the customers' tables hold, as text."""
    with connections["customers"].cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        rows = []
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" AS t')  # noqa: S608
            rows += [row for (row,) in cursor.fetchall()]
    return "\n".join(rows)


@pytest.fixture
def full(signed_in: Api) -> Api:
    """Ada, with something in every table."""
    signed_in("PATCH", "/customers/me", {"family_name": "Lovelace", "phone": "+49 30 1234"})
    signed_in.post("/customers/me/addresses", **ADDRESS)
    signed_in.post("/auth/password/reset", email=EMAIL)
    signed_in.post("/auth/register", email=EMAIL, password=PASSWORD)
    delivered()
    return signed_in


def test_nothing_of_the_person_is_left(full: Api, ada: Account, statements) -> None:
    personal = [EMAIL, "Lovelace", "+49 30 1234", ADDRESS["line1"], ADDRESS["recipient"]]
    assert all(text in everything() for text in personal)
    with statements() as kinds:
        assert full("DELETE", "/customers/me").status_code == 204
    assert len(kinds) == 9
    left = everything()
    assert not [text for text in personal if text in left]
    for model in (Address, Letter, Session, RefreshToken):
        assert not model.objects.exists()
    ada.refresh_from_db()
    assert (ada.email, ada.is_active, ada.has_usable_password()) == (None, False, False)


def test_other_services_are_told_in_the_same_transaction(full: Api, ada: Account) -> None:
    full("DELETE", "/customers/me")
    event = OutboxEvent.objects.get()
    ada.refresh_from_db()
    assert (event.type, event.key) == ("ecom.customer-erased.v1", ada.public_id)
    assert event.body.keys() == {"customer_id", "erased_at"}
    assert event.body["customer_id"] == ada.public_id
    assert event.body["erased_at"].endswith("Z")


def test_no_event_without_erasure_and_no_erasure_without_event(full: Api, ada: Account, monkeypatch) -> None:
    monkeypatch.setattr(closing, "customer_erased", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        closing.erase(customer_id=ada.public_id)
    ada.refresh_from_db()
    assert ada.email == EMAIL
    assert Address.objects.exists()


def test_the_account_is_gone_for_its_tokens(full: Api) -> None:
    full("DELETE", "/customers/me")
    assert full.get("/customers/me").status_code == 401
    assert full("DELETE", "/customers/me").status_code == 401
    assert full.refresh(full.tokens["refresh_token"]).status_code == 401
    assert full.sign_in().status_code == 401
    assert full("PATCH", "/customers/me", {"given_name": "Ada"}).status_code == 401
    assert full("POST", "/customers/me/addresses", ADDRESS).status_code == 401
    assert OutboxEvent.objects.count() == 1


def test_the_address_is_free_again_under_another_pseudonym(full: Api, ada: Account) -> None:
    full("DELETE", "/customers/me")
    again = Account.objects.create_user(EMAIL, PASSWORD)
    assert again.public_id != ada.public_id


def test_staff_do_not_erase_themselves(db) -> None:
    staff = Account.objects.create_user("staff@example.com", PASSWORD, is_staff=True)
    pair = sessions.open_session(account=staff, verified=True)
    response = Api()("DELETE", "/customers/me", token=pair.access_token)
    assert response.status_code == 409
    assert response.json()["type"] == "urn:ecom:problem:staff-account"
