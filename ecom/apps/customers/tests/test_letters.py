import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db.models.functions import Now

from ecom.apps.customers.models import Account, Letter, Throttle
from ecom.apps.customers.secret_tokens import digest
from ecom.apps.customers.services.letters import MAX_PER_HOUR, RETRY_MINUTES, purge_letters, send_due_letters
from ecom.apps.customers.services.passwords import invite
from ecom.apps.customers.tasks import purge, send_letters
from ecom.apps.customers.tests.conftest import EMAIL, Api, delivered, secret_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def server_that_fails(monkeypatch) -> list[str]:
    """The mail server refuses every recipient; the list says whom."""
    refused: list[str] = []

    def refuse(self, messages):
        refused.extend(messages[0].to)
        raise smtplib.SMTPRecipientsRefused({EMAIL: (550, b"no such mailbox")})

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    return refused


def make_due() -> None:
    Letter.objects.filter(due_at__isnull=False).update(due_at=Now())


def test_nothing_is_sent_inside_a_request(api: Api, ada: Account) -> None:
    api.post("/auth/password/reset", email=EMAIL)
    assert mail.outbox == []
    send_letters()
    assert len(mail.outbox) == 1
    assert send_due_letters() == 0


def test_the_secret_is_in_the_mail_alone(ada: Account) -> None:
    invite(email=EMAIL)
    assert Letter.objects.get().digest is None
    secret = secret_in(delivered()[0])
    letter = Letter.objects.get()
    assert letter.digest == digest(secret)
    assert secret not in str(Letter.objects.values())


def test_links_lead_to_the_storefront(ada: Account) -> None:
    invite(email=EMAIL)
    (message,) = delivered()
    assert "https://shop.example.com/account/password#" in message.body
    assert message.from_email == "shop@example.com"


def test_a_letter_that_fails_is_tried_again_and_at_last_kept(ada: Account, server_that_fails, caplog) -> None:
    invite(email=EMAIL)
    for attempt in range(len(RETRY_MINUTES) + 1):
        assert send_due_letters() == 1
        assert send_due_letters() == 0, "not at once"
        assert Letter.objects.get().attempts == attempt + 1
        make_due()
    assert len(server_that_fails) == len(RETRY_MINUTES) + 1
    letter = Letter.objects.get()
    assert (letter.due_at, letter.sent_at) == (None, None)
    assert "mail given up" in caplog.text
    assert EMAIL not in caplog.text


def test_one_that_fails_keeps_no_other_back(ada: Account, monkeypatch) -> None:
    Account.objects.create_user("bob@example.com")
    send = EmailBackend.send_messages

    def refuse_ada(self, messages):
        if messages[0].to == [EMAIL]:
            raise smtplib.SMTPRecipientsRefused({})
        return send(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", refuse_ada)
    invite(email=EMAIL)
    invite(email="bob@example.com")
    send_due_letters()
    assert [message.to for message in mail.outbox] == [["bob@example.com"]]


def test_a_worker_that_dies_in_the_middle_loses_no_letter(ada: Account, monkeypatch) -> None:
    invite(email=EMAIL)
    with monkeypatch.context() as patched:
        patched.setattr(EmailBackend, "send_messages", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            send_due_letters()
    make_due()
    assert len(delivered()) == 1


def test_nobody_is_flooded_with_mails(ada: Account) -> None:
    for _ in range(MAX_PER_HOUR + 3):
        invite(email=EMAIL)
    assert len(delivered()) == MAX_PER_HOUR
    assert Letter.objects.filter(due_at__isnull=False).count() == 0
    Letter.objects.update(sent_at=Now() - timedelta(hours=2))
    invite(email=EMAIL)
    assert len(delivered()) == 1


def test_old_letters_and_counters_are_removed(api: Api, ada: Account) -> None:
    api.post("/auth/password/reset", email=EMAIL)
    delivered()
    assert purge_letters() == 0
    Letter.objects.update(expires_at="2020-01-01T00:00:00Z")
    Throttle.objects.update(blocked_until="2020-01-01T00:00:00Z")
    purge()
    assert not Letter.objects.exists()
    assert not Throttle.objects.exists()


def test_an_undelivered_letter_is_kept_for_a_week(ada: Account) -> None:
    invite(email=EMAIL)
    Letter.objects.update(expires_at="2020-01-01T00:00:00Z", due_at=None)
    assert purge_letters() == 0
    Letter.objects.update(created_at=Now() - timedelta(days=8))
    assert purge_letters() == 1
