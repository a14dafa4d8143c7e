import pytest

from ecom.apps.customers.models import Account, Letter, Session
from ecom.apps.customers.tests.conftest import EMAIL, PASSWORD, Api, delivered, results_of_all_at_once, secret_in

pytestmark = pytest.mark.django_db

NEW = "a new and long passphrase"


def test_a_forgotten_password_is_replaced_by_mail(api: Api, signed_in: Api) -> None:
    assert api.post("/auth/password/reset", email="ADA@example.com").status_code == 202
    (mail,) = delivered()
    assert mail.to == [EMAIL]
    confirmed = api.post("/auth/password/reset/confirm", token=secret_in(mail), new_password=NEW)
    assert confirmed.status_code == 204
    assert api.sign_in(password=PASSWORD).status_code == 401
    assert api.sign_in(password=NEW).status_code == 200
    assert signed_in.refresh(signed_in.tokens["refresh_token"]).status_code == 401, "sessions have ended"
    (notice,) = delivered()
    assert (notice.to, notice.subject) == ([EMAIL], "Your password was changed")


def test_asking_does_not_tell_whether_the_address_has_an_account(api: Api, ada: Account, statements) -> None:
    with statements() as known:
        one = api.post("/auth/password/reset", email=EMAIL)
    with statements() as unknown:
        other = api.post("/auth/password/reset", email="nobody@example.com")
    assert (one.status_code, one.content) == (other.status_code, other.content) == (202, one.content)
    assert known == unknown == ["INSERT", "INSERT"]
    assert [mail.to for mail in delivered()] == [[EMAIL]]
    assert not Letter.objects.filter(email="nobody@example.com").exists()


def test_the_mail_works_once_and_for_an_hour(api: Api, ada: Account) -> None:
    api.post("/auth/password/reset", email=EMAIL)
    secret = secret_in(delivered()[0])
    Letter.objects.update(expires_at="2020-01-01T00:00:00Z")
    assert api.post("/auth/password/reset/confirm", token=secret, new_password=NEW).status_code == 400

    api.post("/auth/password/reset", email=EMAIL)
    secret = secret_in(delivered()[0])
    assert api.post("/auth/password/reset/confirm", token=secret, new_password=NEW).status_code == 204
    assert api.post("/auth/password/reset/confirm", token=secret, new_password=NEW).status_code == 400


def test_a_weak_password_does_not_use_up_the_mail(api: Api, ada: Account) -> None:
    api.post("/auth/password/reset", email=EMAIL)
    secret = secret_in(delivered()[0])
    weak = api.post("/auth/password/reset/confirm", token=secret, new_password="short")
    assert weak.json()["errors"][0]["pointer"] == "/new_password"
    assert api.post("/auth/password/reset/confirm", token=secret, new_password=NEW).status_code == 204


def test_one_reset_makes_the_others_useless(api: Api, ada: Account) -> None:
    for _ in range(2):
        api.post("/auth/password/reset", email=EMAIL)
    first, second = (secret_in(mail) for mail in delivered())
    assert api.post("/auth/password/reset/confirm", token=second, new_password=NEW).status_code == 204
    assert api.post("/auth/password/reset/confirm", token=first, new_password=PASSWORD).status_code == 400


def test_the_secret_of_a_registration_resets_no_password(api: Api, ada: Account) -> None:
    api.post("/auth/register", email="new@example.com", password=PASSWORD)
    secret = secret_in(delivered()[0])
    assert api.post("/auth/password/reset/confirm", token=secret, new_password=NEW).status_code == 400


def test_no_mail_for_an_account_that_is_deactivated(api: Api, ada: Account) -> None:
    Account.objects.update(is_active=False)
    api.post("/auth/password/reset", email=EMAIL)
    assert delivered() == []


def test_resetting_takes_seven_statements(api: Api, signed_in: Api, statements) -> None:
    api.post("/auth/password/reset", email=EMAIL)
    secret = secret_in(delivered()[0])
    with statements() as kinds:
        api.post("/auth/password/reset/confirm", token=secret, new_password=NEW)
    assert kinds == ["SELECT", "SELECT", "DELETE", "SELECT", "UPDATE", "UPDATE", "INSERT"]


def test_changing_the_password_ends_all_sessions_and_begins_a_new_one(signed_in: Api, statements) -> None:
    elsewhere = Api().signed_in()
    with statements() as kinds:
        response = signed_in.post("/auth/password/change", current_password=PASSWORD, new_password=NEW)
    assert response.status_code == 200
    assert kinds == ["INSERT", "SELECT", "UPDATE", "SELECT", "UPDATE", "UPDATE", "INSERT", "WITH"]
    for api in (signed_in, elsewhere):
        assert api.refresh(api.tokens["refresh_token"]).status_code == 401
    assert signed_in.refresh(response.json()["refresh_token"]).status_code == 200
    assert Api().sign_in(password=NEW).status_code == 200
    assert [mail.subject for mail in delivered()] == ["Your password was changed"]


def test_changing_needs_the_current_password(signed_in: Api) -> None:
    answers = [
        signed_in.post("/auth/password/change", current_password=NEW, new_password=NEW).status_code for _ in range(7)
    ]
    assert answers == [401] * 6 + [429]
    assert Api().sign_in().status_code == 200
    assert Session.objects.filter(ended_at=None).count() == 2


def test_changing_needs_a_token(api: Api) -> None:
    response = api.post("/auth/password/change", current_password=PASSWORD, new_password=NEW)
    assert response.status_code == 401
    assert response["WWW-Authenticate"]


def test_a_password_set_elsewhere_ends_the_sessions_too(signed_in: Api, ada: Account) -> None:
    """By the admin's own page, or `manage.py changepassword`."""
    ada.set_password(NEW)
    ada.save()
    assert signed_in.refresh(signed_in.tokens["refresh_token"]).status_code == 401


@pytest.mark.django_db(transaction=True)
def test_of_changes_at_once_with_one_password_exactly_one_counts() -> None:
    account = Account.objects.create_user(EMAIL, PASSWORD)
    token = Api().signed_in().tokens["access_token"]
    body = {"current_password": PASSWORD, "new_password": NEW}

    def change() -> int:
        return Api()("POST", "/auth/password/change", body, token=token).status_code

    assert sorted(results_of_all_at_once(account, [change] * 4)) == [200, 401, 401, 401]
    assert Session.objects.filter(ended_at=None).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_resets_at_once_with_one_mail_exactly_one_counts() -> None:
    account = Account.objects.create_user(EMAIL, PASSWORD)
    Api().post("/auth/password/reset", email=EMAIL)
    secret = secret_in(delivered()[0])

    def reset() -> int:
        return Api().post("/auth/password/reset/confirm", token=secret, new_password=NEW).status_code

    assert sorted(results_of_all_at_once(account, [reset] * 4)) == [204, 400, 400, 400]
