import pytest

from ecom.apps.customers.models import Account, Address
from ecom.apps.customers.services.profiles import MAX_ADDRESSES
from ecom.apps.customers.tests.conftest import ADDRESS, EMAIL, PASSWORD, Api, results_of_all_at_once
from tests.tokens import token

pytestmark = pytest.mark.django_db


@pytest.fixture
def eve(db: None) -> Api:
    Account.objects.create_user("eve@example.com", PASSWORD)
    return Api().signed_in("eve@example.com")


@pytest.fixture
def path(signed_in: Api) -> str:
    """Where an address of Ada's is."""
    created = signed_in.post("/customers/me/addresses", **ADDRESS)
    assert created.status_code == 201
    assert created["Location"].endswith(created.json()["address_id"])
    return str(created["Location"])


def test_the_profile_is_read_and_changed(signed_in: Api, statements) -> None:
    with statements() as kinds:
        assert signed_in.get("/customers/me").json()["given_name"] == "Ada"
    assert kinds == ["SELECT"]
    with statements() as kinds:
        changed = signed_in("PATCH", "/customers/me", {"family_name": "Łovelace", "phone": "+49 30 1234"})
    assert changed.status_code == 200
    assert changed.json()["given_name"] == "Ada"
    assert changed.json()["family_name"] == "Łovelace"
    assert kinds == ["UPDATE", "SELECT"]
    assert signed_in.get("/customers/me").json() == changed.json()


@pytest.mark.parametrize(
    "change",
    [
        {"email": "other@example.com"},
        {"customer_id": "U0"},
        {"is_staff": True},
        {"password": "x"},
        {"given_name": "x" * 101},
        {"given_name": None},
        {"phone": "call me"},
        {"given_name": {"a": 1}},
        [],
        [{"given_name": "Eve"}],
    ],
)
def test_a_change_that_is_not_understood_is_refused(signed_in: Api, change: object) -> None:
    before = signed_in.get("/customers/me").json()
    response = signed_in("PATCH", "/customers/me", change)
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert signed_in.get("/customers/me").json() == before


def test_an_address_is_made_read_changed_and_removed(signed_in: Api, path: str, statements) -> None:
    with statements() as kinds:
        body = signed_in.get(path).json()
    assert kinds == ["SELECT"]
    assert {name: body[name] for name in ADDRESS} == ADDRESS
    assert body["line2"] == ""

    with statements() as kinds:
        changed = signed_in("PATCH", path, {"city": "Hamburg"})
    assert kinds == ["UPDATE", "SELECT"]
    assert changed.json() == {**body, "city": "Hamburg"}
    with statements() as kinds:
        listed = signed_in.get("/customers/me/addresses").json()
    assert kinds == ["SELECT"]
    assert listed == {"results": [changed.json()], "next": None, "previous": None}

    with statements() as kinds:
        assert signed_in("DELETE", path).status_code == 204
    assert kinds == ["DELETE"]
    assert signed_in.get(path).status_code == 404
    assert signed_in("DELETE", path).status_code == 404


def test_making_an_address_takes_three_statements(signed_in: Api, statements) -> None:
    with statements() as kinds:
        signed_in.post("/customers/me/addresses", **ADDRESS)
    assert kinds == ["SELECT", "SELECT", "INSERT"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"country": "Germany"}, "/country"),
        ({"country": "XX"}, "/country"),
        ({"country": ["DE"]}, "/country"),
        ({"city": ""}, "/city"),
        ({"recipient": "x" * 201}, "/recipient"),
        ({"line1": "\0"}, "/line1"),
        ({"line1": None}, "/line1"),
        ({"planet": "Earth"}, "/planet"),
        ({"account": 1}, "/account"),
    ],
)
def test_a_bad_address_is_refused_by_name(signed_in: Api, path: str, change: dict[str, object], pointer: str) -> None:
    for response in (
        signed_in("POST", "/customers/me/addresses", {**ADDRESS, **change}),
        signed_in("PATCH", path, change),
    ):
        assert response.status_code == 400
        assert response.json()["errors"][0]["pointer"] == pointer


@pytest.mark.urls("ecom.urls.customers")
@pytest.mark.parametrize("address_id", ["A0000000000000000", "1", "../me", "A" * 500, "a0000000000000000", "%00"])
def test_what_is_no_address_is_not_found(signed_in: Api, address_id: str) -> None:
    assert signed_in.get(f"/customers/me/addresses/{address_id}").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_there_are_never_more_addresses_than_allowed_also_at_once() -> None:
    account = Account.objects.create_user(EMAIL, PASSWORD)
    Address.objects.bulk_create([Address(account=account, **ADDRESS) for _ in range(MAX_ADDRESSES - 1)])
    access_token = Api().signed_in().tokens["access_token"]

    def add() -> int:
        return Api()("POST", "/customers/me/addresses", ADDRESS, token=access_token).status_code

    assert sorted(results_of_all_at_once(account, [add] * 4)) == [201, 409, 409, 409]
    assert Address.objects.count() == MAX_ADDRESSES


PRIVATE = [
    ("GET", "/customers/me"),
    ("PATCH", "/customers/me"),
    ("DELETE", "/customers/me"),
    ("GET", "/customers/me/export"),
    ("GET", "/customers/me/addresses"),
    ("POST", "/customers/me/addresses"),
    ("POST", "/auth/password/change"),
]
ONE_ADDRESS = ["GET", "PATCH", "DELETE"]


@pytest.mark.parametrize(("method", "where"), PRIVATE)
def test_guests_and_service_accounts_have_no_profile(api: Api, ada: Account, method: str, where: str) -> None:
    guest = api(method, where)
    assert guest.status_code == 401
    assert guest["Cache-Control"] == "no-store"
    service = api(method, where, token=token("importer", kind="service", scope="catalog:write customers:any"))
    assert service.status_code == 403
    assert Account.objects.get().erased_at is None


@pytest.mark.parametrize("method", ONE_ADDRESS)
def test_an_address_is_its_owners_alone(eve: Api, path: str, method: str) -> None:
    staff = token(Account.objects.create_user("staff@example.com", is_staff=True).public_id, kind="staff")
    before = Address.objects.values().get()
    assert eve(method, path, {"city": "Elsewhere"}).status_code == 404
    assert Api()(method, path, {"city": "Elsewhere"}).status_code == 401
    assert Api()(method, path, {"city": "Elsewhere"}, token=staff).status_code == 404
    assert Api()(method, path, {}, token=token("importer", kind="service")).status_code == 403
    assert Address.objects.values().get() == before


def test_others_appear_in_no_list_and_no_export(eve: Api, path: str) -> None:
    assert eve.get("/customers/me/addresses").json()["results"] == []
    text = eve.get("/customers/me/export").content.decode()
    assert EMAIL not in text
    assert ADDRESS["line1"] not in text


def test_a_token_of_nobody_opens_nothing(api: Api) -> None:
    for method, where in PRIVATE:
        body = ADDRESS if where.endswith("addresses") and method == "POST" else {}
        if "password" in where:
            body = {"current_password": PASSWORD, "new_password": "yet another passphrase"}
        response = api(method, where, body if method != "GET" else None, token=token("UNOBODY"))
        if (method, where) == ("GET", "/customers/me/addresses"):
            assert response.json()["results"] == []
        else:
            assert response.status_code == 401, (method, where, response.content)


def test_an_export_holds_all_that_is_kept(signed_in: Api, path: str, statements) -> None:
    signed_in.post("/auth/password/reset", email=EMAIL)
    with statements() as kinds:
        response = signed_in.get("/customers/me/export")
    body = response.json()
    assert response["Content-Disposition"] == 'attachment; filename="customer.json"'
    assert kinds == ["SELECT"] * 4
    assert body["profile"] == signed_in.get("/customers/me").json()
    assert [address["line1"] for address in body["addresses"]] == [ADDRESS["line1"]]
    assert len(body["sessions"]) == 1
    assert [mail["kind"] for mail in body["mails"]] == ["password-reset"]
    assert "password" not in body["profile"]
    assert Account.objects.get().password not in response.content.decode()
