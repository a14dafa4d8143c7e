"""Between the password and the backoffice stands a second factor, for everybody."""

import base64
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.db import connections
from django.test import Client
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from ecom.backoffice import second_factor
from ecom.backoffice.tests.staff import code_of, verified

pytestmark = pytest.mark.django_db

EMAIL, PASSWORD = "root@example.com", "a long enough passphrase"
STEP, INDEX = "/admin/second-factor/", "/admin/"


@pytest.fixture
def root(db: None) -> Any:
    return get_user_model().objects.create_superuser(EMAIL, PASSWORD)


@pytest.fixture
def enrolled(root) -> Any:
    """An account with an app, which has been used once."""
    _, codes = second_factor.enrol(account=root, key="ab" * 20, code=code_of("ab" * 20, steps=-1))
    root.codes = codes
    return root


def with_password(client: Client) -> Client:
    response = client.post("/admin/login/?next=/admin/", {"username": EMAIL, "password": PASSWORD}, follow=True)
    assert response.request["PATH_INFO"] == STEP, response.content
    return client


def give(client: Client, code: str, step: str = STEP) -> Any:
    return client.post(step, {"code": code})


def secret_on(page: Any) -> str:
    """The key on the page of enrolment, in hexadecimal."""
    (shown,) = re.findall(r"<code id=\"secret\">([A-Z2-7 ]+)<", page.content.decode())
    return base64.b32decode(shown.replace(" ", "")).hex()


def codes_on(page: Any) -> list[str]:
    return re.findall(r"<code>([a-z2-7]{8})<", page.content.decode())


def gets_in(client: Client) -> bool:
    return client.get(INDEX).status_code == 200


def test_the_first_sign_in_enrols_and_gives_backup_codes_once(client: Client, root) -> None:
    with_password(client)
    assert not gets_in(client)
    page = client.get(STEP)
    assert "<svg" in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    before = client.session.session_key
    done = give(client, code_of(secret_on(page)))
    assert len(set(codes_on(done))) == second_factor.NUMBER_OF_BACKUP_CODES
    assert gets_in(client)
    assert client.session.session_key != before
    assert LogEntry.objects.get().get_change_message() == "Enrolled a second factor."
    assert client.get(STEP).status_code == 302


def test_a_wrong_code_enrols_nothing(client: Client, root) -> None:
    secret = secret_on(with_password(client).get(STEP))
    wrong = f"{(int(code_of(secret)) + 1) % 10**6:06}"
    assert "not the code of now" in give(client, wrong).content.decode()
    assert not TOTPDevice.objects.exists()
    assert secret_on(client.get(STEP)) == secret  # the app that was scanned is still the right one
    give(client, code_of(secret))
    assert gets_in(client)


def test_each_sign_in_that_enrols_has_a_key_of_its_own_and_the_second_is_too_late(client: Client, root) -> None:
    thief = with_password(Client())
    stolen = secret_on(thief.get(STEP))
    own = secret_on(with_password(client).get(STEP))
    assert stolen != own
    give(client, code_of(own))
    give(thief, code_of(stolen))
    assert not gets_in(thief)
    assert TOTPDevice.objects.get().key == own


def test_an_app_lets_in_and_a_used_code_does_not(client: Client, enrolled) -> None:
    with_password(client)
    code = code_of("ab" * 20)
    assert give(client, f"{code[:3]} {code[3:]}").headers["Location"] == INDEX
    assert gets_in(client)
    another = with_password(Client())
    assert "used before" in give(another, code).content.decode()
    assert not gets_in(another)


def test_wrong_codes_cost_time_and_the_right_one_waits_too(client: Client, enrolled) -> None:
    with_password(client)
    give(client, "000000")
    give(client, "000000")
    assert "Too many wrong codes" in give(client, code_of("ab" * 20)).content.decode()
    assert not gets_in(client)
    TOTPDevice.objects.update(throttling_failure_timestamp=None)
    give(client, code_of("ab" * 20))
    assert gets_in(client)


@pytest.mark.django_db(transaction=True)
def test_of_many_wrong_codes_at_once_one_is_looked_at(enrolled) -> None:
    def guess(_: int) -> type[Exception]:
        try:
            second_factor.verify(account=enrolled, code="000000")
        except (second_factor.WrongCode, second_factor.MustWait) as error:
            return type(error)
        finally:
            connections.close_all()
        raise AssertionError

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(guess, range(4)))
    assert outcomes.count(second_factor.WrongCode) == 1
    assert outcomes.count(second_factor.MustWait) == 3


def test_a_backup_code_lets_in_once(client: Client, enrolled) -> None:
    code = enrolled.codes[0]
    give(with_password(client), code.upper())
    assert "You have 9 left" in client.get(INDEX).content.decode()
    assert LogEntry.objects.get().get_change_message() == "Signed in with a backup code."
    another = with_password(Client())
    give(another, code)
    assert not gets_in(another)


def test_new_backup_codes_take_the_place_of_the_old(client: Client, enrolled) -> None:
    verified(client, enrolled)
    assert "10 backup codes left" in client.get(f"{STEP}backup-codes/").content.decode()
    new = codes_on(client.post(f"{STEP}backup-codes/"))
    assert len(new) == second_factor.NUMBER_OF_BACKUP_CODES
    assert not set(new) & set(enrolled.codes)
    give(with_password(Client()), enrolled.codes[0])
    assert StaticDevice.objects.get().token_set.count() == 10


def test_a_reset_ends_what_was_verified_and_enrols_anew(client: Client, enrolled) -> None:
    verified(client, enrolled)
    assert gets_in(client)
    second_factor.reset(account=enrolled)
    assert not gets_in(client)
    assert secret_on(client.get(STEP)) != "ab" * 20


@pytest.mark.parametrize("place", ["https://evil.example/admin/", "//evil.example/admin/", "/products", ""])
def test_it_leads_back_into_the_backoffice_and_nowhere_else(client: Client, enrolled, place: str) -> None:
    with_password(client)
    assert client.post(f"{STEP}?next={place}", {"code": code_of("ab" * 20)}).headers["Location"] == INDEX


def test_it_leads_back_to_the_page_that_was_asked_for(client: Client, enrolled) -> None:
    with_password(client)
    place = "/admin/password_change/"
    asked = client.get(place, follow=True).redirect_chain[-1][0]
    assert client.post(asked, {"code": code_of("ab" * 20)}).headers["Location"] == place


def test_who_has_a_password_alone_can_leave(client: Client, root) -> None:
    with_password(client)
    assert client.post("/admin/logout/").status_code == 200
    assert client.get(STEP).headers["Location"].startswith("/admin/login/")
