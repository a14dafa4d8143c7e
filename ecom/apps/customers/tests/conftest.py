import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.core import mail
from django.db import connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ecom.apps.customers.models import Account
from ecom.apps.customers.services.letters import send_due_letters

EMAIL = "ada@example.com"
PASSWORD = "a long enough passphrase"
ADDRESS = {"recipient": "Ada L.", "line1": "Main Street 1", "city": "Berlin", "postal_code": "10115", "country": "DE"}


class Api:
    """The public API as a client sees it; each keeps its own cookies and, where signed in, its token."""

    def __init__(self, client_address: str = "203.0.113.1") -> None:
        self.http = Client(headers={"X-Forwarded-For": client_address})
        self.tokens: dict[str, Any] = {}

    def __call__(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> Any:
        token = token or self.tokens.get("access_token")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        verb = getattr(self.http, method.lower())
        if body is None:
            return verb(path, headers=headers)
        return verb(path, data=body, content_type="application/json", headers=headers)

    def get(self, path: str) -> Any:
        return self("GET", path)

    def post(self, path: str, **body: Any) -> Any:
        return self("POST", path, body)

    def sign_in(self, email: str = EMAIL, password: str = PASSWORD) -> Any:
        return self.post("/auth/token", grant_type="password", email=email, password=password)

    def signed_in(self, email: str = EMAIL, password: str = PASSWORD) -> "Api":
        response = self.sign_in(email, password)
        assert response.status_code == 200, response.content
        self.tokens = response.json()
        return self

    def refresh(self, refresh_token: str) -> Any:
        return self.post("/auth/token/refresh", refresh_token=refresh_token)


@pytest.fixture
def api(db: None) -> Api:
    return Api()


@pytest.fixture
def ada(db: None) -> Account:
    return Account.objects.create_user(EMAIL, PASSWORD, given_name="Ada")


@pytest.fixture
def signed_in(ada: Account) -> Api:
    return Api().signed_in()


@pytest.fixture
def statements() -> Callable[..., Any]:
    """Counts the SQL statements of a block by their first word, savepoints aside."""

    @contextmanager
    def count() -> Iterator[list[str]]:
        kinds: list[str] = []
        with CaptureQueriesContext(connections["customers"]) as captured:
            yield kinds
        words = [query["sql"].split()[0] for query in captured.captured_queries]
        kinds += [word for word in words if word not in ("SAVEPOINT", "RELEASE")]

    return count


def results_of_all_at_once(account: Account, callers: Sequence[Callable[[], Any]]) -> list[Any]:
    """Holds the account's row until every caller waits, then lets all go on: a race without luck."""

    def call(caller: Callable[[], Any]) -> Any:
        try:
            with connections["customers"].cursor() as cursor:  # on a busy machine the last comes late
                cursor.execute("SET lock_timeout = '60s'; SET statement_timeout = '60s'")
            return caller()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(callers)) as pool:
        with transaction.atomic(using="customers"):
            Account.objects.select_for_update().get(pk=account.pk)
            running = [pool.submit(call, caller) for caller in callers]
            _wait_for_lock_waiters(len(callers))
        return [future.result() for future in running]


def _wait_for_lock_waiters(number: int) -> None:
    deadline = time.monotonic() + 20
    waiting = -1
    while waiting < number:
        assert time.monotonic() < deadline, f"{waiting} of {number} wait"
        with connections["customers"].cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            (waiting,) = cursor.fetchone()
        time.sleep(0.02)


def delivered() -> list[mail.EmailMessage]:
    """Lets the worker send what is due; the mails of this time."""
    before = len(mail.outbox)
    while send_due_letters():
        pass
    return mail.outbox[before:]


def secret_in(message: mail.EmailMessage) -> str:
    found = re.search(r"#([\w-]{43})", str(message.body))
    assert found, message.body
    return found[1]
