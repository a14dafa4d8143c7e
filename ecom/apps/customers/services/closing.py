"""How accounts end: deactivated for a time, or erased for good."""

from django.db import transaction
from django.utils import timezone

from ecom.apps.customers.events import customer_erased
from ecom.apps.customers.models import ALIAS, Account, Address, Letter, Session
from ecom.apps.customers.selectors import UnknownCustomer
from ecom.apps.customers.services.letters import locked_letters


class StaffAccount(Exception):
    """Accounts of staff are not erased: an administrator takes the role away first."""


def deactivate(*, account: Account) -> None:
    """Nobody signs in to it any more; its sessions end, and its last access token within 10 minutes."""
    with transaction.atomic(using=ALIAS):
        account.is_active = False
        account.save(update_fields=["is_active"])
        Session.objects.of(account).end()


def reactivate(*, account: Account) -> None:
    """Undo a deactivation. Raises UnknownCustomer for an erased account, which has nothing to go on with."""
    if not Account.objects.filter(pk=account.pk, erased_at=None).update(is_active=True):
        raise UnknownCustomer


def erase(*, customer_id: str) -> None:
    """Remove everything that leads from the pseudonym to the person, and tell the other services by an event.

    Orders and events go on under the pseudonym, which from now on nobody can tell whose it was. Raises
    UnknownCustomer, StaffAccount.
    """
    with transaction.atomic(using=ALIAS):
        mine = Account.objects.filter(public_id=customer_id, erased_at=None)
        # Letters are locked before accounts, as in the reset of a password.
        letters = locked_letters(Letter.objects.filter(email__in=mine.values("email")))
        account = mine.select_for_update().first()
        if account is None:
            raise UnknownCustomer
        if account.is_staff:
            raise StaffAccount
        Letter.objects.filter(pk__in=[letter.pk for letter in letters]).delete()
        Address.objects.filter(account=account).delete()
        Session.objects.filter(account=account).delete()
        _empty(account)
        customer_erased(customer_id=customer_id)


def _empty(account: Account) -> None:
    account.email, account.erased_at, account.is_active = None, timezone.now(), False
    account.given_name = account.family_name = account.phone = ""
    account.set_unusable_password()
    account.save()
