from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connections
from django.db.models import F

from ecom.apps.customers.models import Account, RefreshToken, Session
from ecom.apps.customers.secret_tokens import digest
from ecom.apps.customers.services.sessions import purge_sessions
from ecom.apps.customers.tests.conftest import EMAIL, PASSWORD, Api

pytestmark = pytest.mark.django_db


def used_long_ago() -> None:
    """What was used just now was used 11 seconds ago."""
    RefreshToken.objects.update(used_at=F("used_at") - timedelta(seconds=11))


def test_a_refresh_token_is_exchanged_for_the_next_pair(signed_in: Api, statements) -> None:
    first = signed_in.tokens["refresh_token"]
    with statements() as kinds:
        response = signed_in.refresh(first)
    assert response.status_code == 200
    assert kinds == ["WITH"]
    second = response.json()["refresh_token"]
    assert second != first
    assert signed_in.refresh(second).status_code == 200


def test_refresh_tokens_are_stored_as_digests(signed_in: Api) -> None:
    token = signed_in.tokens["refresh_token"]
    assert [row.digest for row in RefreshToken.objects.all()] == [digest(token)]
    assert token not in str(list(RefreshToken.objects.values()))


def test_using_one_again_at_once_is_refused_and_ends_nothing(signed_in: Api) -> None:
    first = signed_in.tokens["refresh_token"]
    second = signed_in.refresh(first).json()["refresh_token"]
    again = signed_in.refresh(first)
    assert again.status_code == 401
    assert again.json()["type"] == "urn:ecom:problem:invalid-refresh-token"
    assert signed_in.refresh(second).status_code == 200


def test_using_one_again_later_ends_the_whole_session(signed_in: Api, caplog) -> None:
    elsewhere = Api().signed_in()
    first = signed_in.tokens["refresh_token"]
    second = signed_in.refresh(first).json()["refresh_token"]
    third = signed_in.refresh(second).json()["refresh_token"]
    used_long_ago()
    assert signed_in.refresh(first).status_code == 401
    assert signed_in.refresh(third).status_code == 401
    assert "used again" in caplog.text
    assert first not in caplog.text
    assert elsewhere.refresh(elsewhere.tokens["refresh_token"]).status_code == 200, "another session goes on"


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_use_one_token_at_once_exactly_one_wins() -> None:
    Account.objects.create_user(EMAIL, PASSWORD)
    for _ in range(5):
        token = Api().signed_in().tokens["refresh_token"]
        together = Barrier(8)

        def use(token: str = token, together: Barrier = together) -> tuple[int, str]:
            try:
                together.wait(timeout=10)
                response = Api().refresh(token)
                return response.status_code, response.json().get("refresh_token", "")
            finally:
                connections.close_all()

        with ThreadPoolExecutor(8) as pool:
            answers = sorted(future.result() for future in [pool.submit(use) for _ in range(8)])
        assert [status for status, _ in answers] == [200] + [401] * 7
        assert Api().refresh(answers[0][1]).status_code == 200, "the winner goes on"


def test_signing_out_ends_the_session_of_any_of_its_tokens(signed_in: Api, statements) -> None:
    first = signed_in.tokens["refresh_token"]
    second = signed_in.refresh(first).json()["refresh_token"]
    with statements() as kinds:
        assert signed_in.post("/auth/logout", refresh_token=first).status_code == 204
    assert kinds == ["UPDATE"]
    assert signed_in.refresh(second).status_code == 401


def test_signing_out_with_an_unknown_token_says_nothing_else(api: Api) -> None:
    response = api.post("/auth/logout", refresh_token="x" * 43)
    assert (response.status_code, response.content) == (204, b"")


@pytest.mark.parametrize("token", ["x" * 43, "\u2603" * 43, " "])
def test_an_unknown_refresh_token_is_refused(api: Api, token: str) -> None:
    assert api.refresh(token).status_code in (400, 401)


@pytest.mark.parametrize("model", [RefreshToken, Session])
def test_what_is_too_old_is_refused_and_later_removed(signed_in: Api, model) -> None:
    model.objects.update(expires_at="2020-01-01T00:00:00Z")
    assert signed_in.refresh(signed_in.tokens["refresh_token"]).status_code == 401
    assert purge_sessions() > 0
    assert not RefreshToken.objects.exists()


def test_what_is_good_is_not_removed(signed_in: Api) -> None:
    assert purge_sessions() == 0
    assert signed_in.refresh(signed_in.tokens["refresh_token"]).status_code == 200


def test_a_session_ends_after_90_days_however_often_it_is_refreshed(signed_in: Api) -> None:
    session = Session.objects.get()
    assert timedelta(days=89) < session.expires_at - session.created_at <= timedelta(days=90, seconds=1)
    Session.objects.update(expires_at=session.created_at + timedelta(hours=1))
    signed_in.refresh(signed_in.tokens["refresh_token"])
    assert RefreshToken.objects.get(used_at=None).expires_at == session.created_at + timedelta(hours=1)
