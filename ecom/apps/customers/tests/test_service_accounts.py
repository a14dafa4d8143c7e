import io
import time

import jwt
import pytest
from django.core.management import CommandError, call_command

from ecom.apps.customers.models import ServiceAccount
from ecom.apps.customers.secret_tokens import digest
from ecom.apps.customers.services.service_accounts import ensure_service_account
from ecom.apps.customers.tests.conftest import Api
from ecom.common.authentication import InvalidToken, Principal, verify_token

pytestmark = pytest.mark.django_db

SECRET = "s" * 43


@pytest.fixture
def importer(db: None) -> None:
    ensure_service_account(
        client_id="importer", secret=SECRET, audiences=["ecom", "catalog"], scopes=["activity:any", "catalog:write"]
    )


def ask(api: Api, **values: str):
    grant = {"grant_type": "client_credentials", "client_id": "importer", "client_secret": SECRET}
    return api.post("/auth/token", **{**grant, **values})


def test_a_service_account_gets_a_token_with_its_scopes(api: Api, importer: None, statements) -> None:
    with statements() as kinds:
        response = ask(api)
    assert response.status_code == 200
    body = response.json()
    assert body.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert body["expires_in"] == 300
    expected = Principal("importer", "service", frozenset({"activity:any", "catalog:write"}))
    assert verify_token(body["access_token"]) == expected
    assert kinds == ["INSERT", "SELECT", "UPDATE"]


def test_a_token_for_one_service_is_good_there_alone(api: Api, importer: None, settings) -> None:
    token = ask(api, audience="catalog").json()["access_token"]
    settings.TOKEN_AUDIENCES = ("ecom", "catalog")
    assert verify_token(token).subject == "importer"
    settings.TOKEN_AUDIENCES = ("ecom", "orders")
    with pytest.raises(InvalidToken):
        verify_token(token)


def test_less_may_be_asked_for_and_no_more(api: Api, importer: None) -> None:
    assert ask(api, scope="activity:any").json()["scope"] == "activity:any"
    for member, value in [("scope", "activity:any customers:any"), ("audience", "orders")]:
        response = ask(api, **{member: value})
        assert response.status_code == 400
        assert response.json()["errors"][0]["pointer"] == f"/{member}"


def test_wrong_secret_unknown_and_inactive_look_the_same(api: Api, importer: None, statements) -> None:
    answers = []
    for values in ({"client_secret": "x" * 43}, {"client_id": "nobody"}, {}):
        if not values:
            ServiceAccount.objects.update(is_active=False)
        with statements() as kinds:
            response = ask(api, **values)
        answers.append((response.status_code, {**response.json(), "request_id": 0}, kinds))
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] == 401


def test_guessing_is_throttled_without_locking_out_the_account(importer: None) -> None:
    api = Api("203.0.113.66")
    statuses = [ask(api, client_secret="x" * 43).status_code for _ in range(7)]
    assert statuses == [401] * 6 + [429]
    assert ask(Api("203.0.113.1")).status_code == 200


def test_the_secret_is_stored_as_a_digest(importer: None) -> None:
    assert ServiceAccount.objects.get().secret_digest == digest(SECRET)


def test_the_token_lives_five_minutes_and_names_its_key(api: Api, importer: None, settings) -> None:
    token = ask(api).json()["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert 290 < claims["exp"] - time.time() <= 300
    assert jwt.get_unverified_header(token)["kid"] == settings.TOKEN_SIGNING_KEY_ID


def ensure(secret: str, *arguments: str, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{secret}\n"))
    call_command("ensure_service_account", *arguments, stdout=io.StringIO())


def test_a_deployment_makes_and_updates_service_accounts(api: Api, monkeypatch) -> None:
    ensure(SECRET, "importer", "--audience", "catalog", "--scope", "catalog:write", monkeypatch=monkeypatch)
    assert ask(api).json()["scope"] == "catalog:write"
    ensure("t" * 43, "importer", "--audience", "catalog", monkeypatch=monkeypatch)
    assert ask(api).status_code == 401
    assert ask(api, client_secret="t" * 43).json()["scope"] == ""
    assert ServiceAccount.objects.count() == 1


@pytest.mark.parametrize(
    ("secret", "arguments"),
    [
        ("short", ["importer", "--audience", "catalog"]),
        (SECRET, ["Not An Id", "--audience", "catalog"]),
        (SECRET, ["importer", "--audience", "catalog", "--scope", "everything"]),
    ],
)
def test_a_deployment_with_bad_values_is_refused(db, secret: str, arguments: list[str], monkeypatch) -> None:
    with pytest.raises(CommandError):
        ensure(secret, *arguments, monkeypatch=monkeypatch)
    assert not ServiceAccount.objects.exists()
