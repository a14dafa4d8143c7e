import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db.models.functions import Now
from django_otp.plugins.otp_totp.models import TOTPDevice

from ecom.apps.customers.models import Account, Session, Throttle
from ecom.apps.customers.services.closing import deactivate, reactivate
from ecom.apps.customers.services.sessions import InvalidCredentials, open_session
from ecom.apps.customers.tests.conftest import EMAIL, PASSWORD, Api
from ecom.backoffice.second_factor import new_app
from ecom.backoffice.tests.staff import code_of
from ecom.common.authentication import verify_token

pytestmark = pytest.mark.django_db

STAFF = "staff@example.com"
WRONG = "a wrong and long passphrase"


def fail(api: Api, times: int, email: str = EMAIL) -> list[int]:
    return [api.sign_in(email, WRONG).status_code for _ in range(times)]


def let_time_pass() -> None:
    """The waits of now are over."""
    Throttle.objects.update(blocked_until="2020-01-01T00:00:00Z")


def test_a_pair_of_tokens_for_the_right_password(api: Api, ada: Account, statements) -> None:
    with statements() as kinds:
        response = api.sign_in()
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    assert response.json().keys() == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert response.json()["expires_in"] == 600
    assert kinds == ["INSERT", "SELECT", "UPDATE", "WITH"]


def test_neither_answer_nor_statements_tell_who_has_an_account(api: Api, ada: Account, statements) -> None:
    with statements() as known:
        wrong = api.sign_in(password=WRONG)
    with statements() as unknown:
        nobody = api.sign_in("nobody@example.com", WRONG)
    assert wrong.status_code == nobody.status_code == 401
    assert wrong["WWW-Authenticate"] == nobody["WWW-Authenticate"]
    assert {**wrong.json(), "request_id": 0} == {**nobody.json(), "request_id": 0}
    assert known == unknown == ["INSERT", "SELECT"]


def test_an_unknown_address_costs_as_much_hashing_as_a_wrong_password(api: Api, ada: Account, monkeypatch) -> None:
    hashed = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *given: hashed.append(given) or encode(*given))
    counts = []
    for email in (EMAIL, "nobody@example.com"):
        hashed.clear()
        assert api.sign_in(email, WRONG).status_code == 401
        counts.append(len(hashed))
    assert counts == [1, 1]


def test_failures_wait_longer_and_longer_whether_or_not_there_is_an_account(ada: Account) -> None:
    for email in (EMAIL, "nobody@example.com"):
        api = Api()
        assert fail(api, 7, email) == [401] * 6 + [429]
        first = api.sign_in(email, WRONG)
        assert first.status_code == 429
        assert first.json()["type"] == "urn:ecom:problem:too-many-attempts"
        assert int(first["Retry-After"]) == 1


def test_the_wait_doubles(ada: Account) -> None:
    api = Api()
    fail(api, 5)
    waits = []
    for _ in range(4):
        assert fail(api, 1) == [401]
        waits.append(int(api.sign_in()["Retry-After"]))
        Throttle.objects.update(blocked_until=Now())  # the wait is over, but not forgotten
    assert waits == [1, 2, 4, 8]


def test_while_one_waits_the_right_password_is_refused_too(ada: Account) -> None:
    api = Api()
    fail(api, 6)
    assert api.sign_in().status_code == 429
    let_time_pass()
    assert api.sign_in().status_code == 200


def test_a_good_sign_in_clears_the_failures_before_it(ada: Account) -> None:
    api = Api()
    for _ in range(4):
        assert fail(api, 4) == [401] * 4
        assert api.sign_in().status_code == 200


def test_nobody_is_locked_out_by_another(ada: Account) -> None:
    assert fail(Api("203.0.113.66"), 7)[-1] == 429
    assert Api("203.0.113.1").sign_in().status_code == 200


def test_nobody_is_locked_out_of_a_known_device_from_the_same_network(ada: Account, settings) -> None:
    settings.FREE_ATTEMPTS_PER_CLIENT = 8
    known_device = Api().signed_in()
    neighbour = Api()
    assert fail(neighbour, 7)[-1] == 429
    for n in range(5):
        fail(neighbour, 1, f"other{n}@example.com")
    assert neighbour.sign_in().status_code == 429
    assert known_device.sign_in().status_code == 200


def test_a_device_is_known_for_its_own_address_alone(ada: Account) -> None:
    Account.objects.create_user("eve@example.com", PASSWORD)
    eve = Api().signed_in("eve@example.com")
    assert fail(eve, 7)[-1] == 429
    cookie = eve.http.cookies["ecom_device"]
    assert cookie["httponly"]
    assert cookie["secure"]
    eve.http.cookies["ecom_device"] = cookie.value[:-1]
    assert eve.sign_in().status_code == 429


def test_one_client_cannot_try_many_addresses(db, settings) -> None:
    settings.FREE_ATTEMPTS_PER_CLIENT = 10
    api = Api()
    statuses = [api.sign_in(f"a{n}@example.com", WRONG).status_code for n in range(12)]
    assert statuses == [401] * 11 + [429]


def test_an_ipv6_client_is_its_network(db, settings) -> None:
    settings.FREE_ATTEMPTS_PER_CLIENT = 1
    statuses = [Api(f"2001:db8::{n}").sign_in(f"a{n}@example.com", WRONG).status_code for n in range(4)]
    assert statuses == [401, 401, 429, 429]
    assert Api("2001:db8:0:1::1").sign_in("b@example.com", WRONG).status_code == 401


def test_counters_tell_neither_address_nor_client(api: Api) -> None:
    api.sign_in(password=WRONG)
    text = str(list(Throttle.objects.values()))
    assert "ada" not in text
    assert "203.0.113" not in text


def test_a_deactivated_account_signs_nobody_in_and_its_sessions_have_ended(ada: Account, statements) -> None:
    api = Api().signed_in()
    deactivate(account=ada)
    with statements() as kinds:
        assert api.sign_in().status_code == 401
    assert kinds == ["INSERT", "SELECT"], "as for an unknown address"
    assert api.refresh(api.tokens["refresh_token"]).status_code == 401
    assert api.get("/customers/me").status_code == 401
    reactivate(account=ada)
    assert api.refresh(api.tokens["refresh_token"]).status_code == 401
    assert api.sign_in().status_code == 200


def staff_with_app() -> TOTPDevice:
    """The app of a member of staff, enrolled."""
    device = new_app(Account.objects.create_user(STAFF, PASSWORD, is_staff=True))
    device.save()
    return device


def staff_sign_in(otp: str | None = None, password: str = PASSWORD):
    code = {"otp": otp} if otp is not None else {}
    return Api().post("/auth/token", grant_type="password", email=STAFF, password=password, **code)


def refused_as(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2].rpartition(":")[2]


def test_staff_get_staff_tokens_for_the_password_and_a_code_that_works_once(db) -> None:
    code = code_of(staff_with_app().key)
    answer = staff_sign_in(code)
    assert verify_token(answer.json()["access_token"]).kind == "staff"
    refreshed = Api().refresh(answer.json()["refresh_token"]).json()
    assert verify_token(refreshed["access_token"]).kind == "staff"
    assert refused_as(staff_sign_in(code)) == (401, "wrong-code")


def test_staff_get_no_token_without_the_code_or_without_an_app(db) -> None:
    device = staff_with_app()
    code = code_of(device.key)
    assert refused_as(staff_sign_in()) == (401, "second-factor-needed")
    assert refused_as(staff_sign_in(code, password=WRONG)) == (401, "invalid-credentials")
    assert [error["pointer"] for error in staff_sign_in("").json()["errors"]] == ["/otp"]
    assert refused_as(staff_sign_in("nocodeofours")) == (401, "wrong-code")
    device.delete()
    assert refused_as(staff_sign_in(code)) == (401, "wrong-code")


def test_wrong_codes_make_the_next_one_wait(db) -> None:
    staff_with_app()
    assert refused_as(staff_sign_in("000000")) == (401, "wrong-code")
    refused = staff_sign_in("000000")
    assert refused_as(refused) == (429, "too-many-attempts")
    assert int(refused["Retry-After"]) >= 1


def test_whoever_becomes_staff_signs_in_again_with_the_second_factor(ada: Account) -> None:
    api = Api().signed_in()
    Account.objects.filter(pk=ada.pk).update(is_staff=True)
    changed = api.post("/auth/password/change", current_password=PASSWORD, new_password="another long passphrase")
    assert verify_token(changed.json()["access_token"]).kind == "customer"
    for tokens in (api.tokens, changed.json()):
        assert api.refresh(tokens["refresh_token"]).status_code == 401


def test_customers_sign_in_with_or_without_a_code(ada: Account) -> None:
    answer = Api().post("/auth/token", grant_type="password", email=EMAIL, password=PASSWORD, otp="123456")
    assert verify_token(answer.json()["access_token"]).kind == "customer"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"grant_type": "implicit"},
        {"grant_type": "password"},
        {"grant_type": "password", "email": EMAIL, "password": PASSWORD, "admin": True},
        {"grant_type": "password", "email": EMAIL, "password": {"$ne": ""}},
        {"grant_type": "password", "email": EMAIL, "password": "\ud800"},
        {"grant_type": ["password"], "email": EMAIL, "password": PASSWORD},
        [],
        "text",
        7,
    ],
)
def test_bad_bodies_are_refused(api: Api, body: object) -> None:
    response = api("POST", "/auth/token", body)
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"


def test_passwords_are_taken_as_typed(db) -> None:
    Account.objects.create_user(EMAIL, "  spaces count too  ")
    assert Api().sign_in(password="spaces count too").status_code == 401
    assert Api().sign_in(password="  spaces count too  ").status_code == 200


def test_the_password_changes_while_it_is_checked(ada: Account) -> None:
    """A sign-in with the old password that is still under way ends with the change."""
    stale = Account.objects.get(pk=ada.pk)
    ada.set_password(WRONG)
    ada.save()
    with pytest.raises(InvalidCredentials):
        open_session(account=stale)
    assert not Session.objects.exists()
