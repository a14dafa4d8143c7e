"""Customers and the worker's mails as they run: processes of their own, over PostgreSQL."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import urllib3

from ecom.apps.customers.services.service_accounts import ensure_service_account
from ecom.common import service_tokens
from ecom.common.authentication import verify_token
from ecom.common.service_tokens import NoServiceToken, ServiceTokens
from tests.service_process import ServiceAddress, databases, environment_of, manage, running_service

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "s" * 43
PASSWORD = "a long enough passphrase"
SEND = "from ecom.apps.customers.tasks import send_letters; send_letters()"


@pytest.fixture
def customers(transactional_db: None, tmp_path: Path) -> Iterator[ServiceAddress]:
    with running_service("customers", tmp_path, **databases("customers")) as address:
        yield address


def post(customers: ServiceAddress, path: str, **body: str) -> Any:
    return urllib3.request("POST", f"{customers.public}{path}", json=body)


def test_from_registration_by_mail_to_a_profile(customers: ServiceAddress, tmp_path: Path) -> None:
    """With the product's own password hash, and mails as files."""
    assert post(customers, "/auth/register", email="ada@example.com", password=PASSWORD).status == 202
    mails = tmp_path / "mails"
    worker = environment_of("customers-worker", **databases("customers"), ECOM_MAIL_URL=f"file://{mails}")
    sent = manage("shell", "--no-imports", "--command", SEND, environment=worker)
    assert sent.returncode == 0, sent.stderr
    (mail,) = mails.iterdir()
    secret = re.search(r"#([\w-]{43})", mail.read_text())
    assert secret
    assert post(customers, "/auth/email/verify", token=secret[1]).status == 201

    pair = post(customers, "/auth/token", grant_type="password", email="ada@example.com", password=PASSWORD).json()
    headers = {"Authorization": f"Bearer {pair['access_token']}"}
    profile = urllib3.request("GET", f"{customers.public}/customers/me", headers=headers)
    assert profile.json()["customer_id"] == verify_token(pair["access_token"]).subject
    assert post(customers, "/auth/token/refresh", refresh_token=pair["refresh_token"]).status == 200
    log = (tmp_path / "customers.log").read_text()
    assert not [word for word in (PASSWORD, pair["refresh_token"], "ada@example.com") if word in log]


@pytest.fixture
def tokens(customers: ServiceAddress) -> ServiceTokens:
    ensure_service_account(client_id="orders", secret=SECRET, audiences=["catalog"], scopes=["stock:reserve"])
    return ServiceTokens(customers_url=customers.public, client_id="orders", client_secret=SECRET)


def test_a_service_gets_one_token_for_its_callee_and_keeps_it(tokens: ServiceTokens, settings) -> None:
    settings.TOKEN_AUDIENCES = ("ecom", "catalog")
    given: set[str] = set()
    threads = [threading.Thread(target=lambda: given.add(tokens.for_audience("catalog"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (token,) = given
    principal = verify_token(token)
    assert (principal.subject, principal.kind, principal.scopes) == ("orders", "service", {"stock:reserve"})
    with pytest.raises(NoServiceToken):
        tokens.for_audience("orders")


def test_a_token_that_the_callee_refused_is_replaced_but_not_more_than_once_in_five_seconds(
    tokens: ServiceTokens, monkeypatch
) -> None:
    asked = mock.Mock(side_effect=tokens._asked_for)
    monkeypatch.setattr(tokens, "_asked_for", asked)
    tokens.for_audience("catalog")
    tokens.refused("catalog")
    tokens.for_audience("catalog")
    assert asked.call_count == 1
    monkeypatch.setattr(service_tokens, "RETRY_SECONDS", 0)
    tokens.refused("catalog")
    tokens.for_audience("catalog")
    assert asked.call_count == 2


def test_a_service_goes_on_with_its_token_while_customers_is_away(
    customers: ServiceAddress, tokens: ServiceTokens, monkeypatch
) -> None:
    monkeypatch.setattr(service_tokens, "RENEWED_BEFORE_SECONDS", 300)  # it should be renewed at once
    token = tokens.for_audience("catalog")
    customers.process.terminate()
    customers.process.wait(timeout=40)
    assert tokens.for_audience("catalog") == token
    tokens._tokens.clear()
    with pytest.raises(NoServiceToken):
        tokens.for_audience("catalog")
