from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from ecom.apps.customers.models import Account, Letter
from ecom.apps.customers.tests.conftest import EMAIL, PASSWORD, Api, delivered, secret_in
from ecom.common.authentication import Principal, verify_token

pytestmark = pytest.mark.django_db

OTHER_PASSWORD = "another quite long passphrase"


def test_from_registration_to_profile(api: Api) -> None:
    asked = api.post("/auth/register", email=" Ada@Example.COM ", password=PASSWORD, given_name="Ada")
    assert asked.status_code == 202
    assert api.sign_in().status_code == 401, "an address that nobody confirmed signs nobody in"

    (mail,) = delivered()
    assert mail.to == [EMAIL]
    confirmed = api.post("/auth/email/verify", token=secret_in(mail))
    assert confirmed.status_code == 201
    customer_id = confirmed.json()["customer_id"]

    api.signed_in("ADA@example.com")
    assert verify_token(api.tokens["access_token"]) == Principal(customer_id, "customer")
    profile = api.get("/customers/me").json()
    assert profile["customer_id"] == customer_id
    assert profile["customer_id"].startswith("U")
    assert profile["email"] == EMAIL
    assert profile["given_name"] == "Ada"
    assert profile["created_at"].endswith("Z")


def test_a_confirmation_works_once(api: Api) -> None:
    api.post("/auth/register", email=EMAIL, password=PASSWORD)
    secret = secret_in(delivered()[0])
    assert api.post("/auth/email/verify", token=secret).status_code == 201
    again = api.post("/auth/email/verify", token=secret)
    assert again.status_code == 400
    assert again.json()["errors"][0]["pointer"] == "/token"


def test_a_confirmation_ends_after_a_day(api: Api) -> None:
    api.post("/auth/register", email=EMAIL, password=PASSWORD)
    secret = secret_in(delivered()[0])
    Letter.objects.update(expires_at="2020-01-01T00:00:00Z")
    assert api.post("/auth/email/verify", token=secret).status_code == 400


def test_the_answer_does_not_tell_whether_the_address_has_an_account(api: Api, ada: Account, statements) -> None:
    with statements() as known:
        taken = api.post("/auth/register", email=EMAIL, password=OTHER_PASSWORD)
    with statements() as unknown:
        free = api.post("/auth/register", email="nobody@example.com", password=OTHER_PASSWORD)
    assert (taken.status_code, taken.content) == (free.status_code, free.content) == (202, taken.content)
    assert known == unknown == ["INSERT", "INSERT"]


def test_the_owner_of_an_account_is_told_and_keeps_it(api: Api, ada: Account) -> None:
    api.post("/auth/register", email=EMAIL, password=OTHER_PASSWORD)
    (mail,) = delivered()
    assert mail.subject == "You already have an account"
    assert "#" not in str(mail.body)
    assert api.sign_in(password=OTHER_PASSWORD).status_code == 401
    assert api.sign_in().status_code == 200


def test_of_two_registrations_the_confirmed_one_counts(api: Api) -> None:
    """Nobody takes an address in advance: the password is that of the registration whose mail was confirmed."""
    api.post("/auth/register", email=EMAIL, password=OTHER_PASSWORD)
    api.post("/auth/register", email=EMAIL, password=PASSWORD)
    strangers, own = delivered()
    assert api.post("/auth/email/verify", token=secret_in(own)).status_code == 201
    assert api.post("/auth/email/verify", token=secret_in(strangers)).status_code == 400
    assert api.sign_in().status_code == 200
    assert api.sign_in(password=OTHER_PASSWORD).status_code == 401


def test_confirming_takes_four_statements(api: Api, statements) -> None:
    api.post("/auth/register", email=EMAIL, password=PASSWORD)
    secret = secret_in(delivered()[0])
    with statements() as kinds:
        assert api.post("/auth/email/verify", token=secret).status_code == 201
    assert kinds == ["SELECT", "SELECT", "DELETE", "INSERT"]


@pytest.mark.django_db(transaction=True)
def test_two_registrations_confirmed_at_once_give_one_account() -> None:
    api = Api()
    for _ in range(2):
        api.post("/auth/register", email=EMAIL, password=PASSWORD)
    secrets = [secret_in(mail) for mail in delivered()]

    def confirm(secret: str) -> int:
        try:
            return Api().post("/auth/email/verify", token=secret).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(confirm, secrets * 4))
    assert sorted(statuses) == [201] + [400] * 7
    assert Account.objects.count() == 1


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "password_too_short"),
        ("password1234", "password_too_common"),
        ("ada@example.com", "password_too_similar"),
        ("x" * 129, "max_length"),
        ("nul\0 is no character", "null_characters_not_allowed"),
    ],
)
def test_a_password_that_is_easily_guessed_is_refused(api: Api, password: str, code: str) -> None:
    response = api.post("/auth/register", email=EMAIL, password=password)
    assert response.status_code == 400
    assert code in [error["code"] for error in response.json()["errors"] if error["pointer"] == "/password"]
    assert not Letter.objects.exists()


@pytest.mark.parametrize(
    "email",
    [
        "",
        "no-address",
        "a@b",
        "x" * 250 + "@example.com",
        "adä@example.com",
        "\u017feb@example.com",
        7,
        None,
        ["a@b.de"],
    ],
)
def test_what_is_no_address_is_refused(api: Api, email: object) -> None:
    response = api.post("/auth/register", email=email, password=PASSWORD)
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["errors"][0]["pointer"] == "/email"


def test_a_domain_of_another_script_is_stored_as_mail_carries_it(api: Api) -> None:
    api.post("/auth/register", email="Ada@Exämple.com", password=PASSWORD)
    assert Letter.objects.get().email == "ada@xn--exmple-cua.com"


def test_one_client_cannot_have_mails_sent_without_end(api: Api, settings) -> None:
    settings.FREE_ATTEMPTS_PER_CLIENT = 3
    statuses = [api.post("/auth/register", email=f"a{n}@example.com", password=PASSWORD).status_code for n in range(5)]
    assert statuses == [202, 202, 202, 202, 429]
    assert Api("203.0.113.2").post("/auth/register", email=EMAIL, password=PASSWORD).status_code == 202
