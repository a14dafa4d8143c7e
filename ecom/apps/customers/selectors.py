"""What is read of customers: each of it by the owner's id, so that nobody reads another's."""

from typing import Any

from django.db.models import QuerySet

from ecom.apps.customers.models import Account, Address, Letter, Session

PROFILE_FIELDS = ("given_name", "family_name", "phone")
ADDRESS_FIELDS = (
    "recipient", "company", "line1", "line2", "postal_code", "city", "region", "country", "phone",
)  # fmt: skip


class UnknownCustomer(Exception):
    """There is no such customer, or not any more."""


class UnknownAddress(Exception):
    """This customer has no such address."""


def active_account(customer_id: str) -> Account:
    """The account of a customer. Raises UnknownCustomer. One statement."""
    account = Account.objects.filter(public_id=customer_id, is_active=True).first()
    if account is None:
        raise UnknownCustomer
    return account


def addresses_of(customer_id: str) -> QuerySet[Address]:
    """A customer's addresses, oldest first; at most 50."""
    return Address.objects.filter(account__public_id=customer_id, account__is_active=True)


def address_of(customer_id: str, address_id: str) -> Address:
    """One of a customer's addresses. Raises UnknownAddress, also for another customer's. One statement."""
    address = addresses_of(customer_id).filter(address_id=address_id).first()
    if address is None:
        raise UnknownAddress
    return address


def export(customer_id: str) -> dict[str, Any]:
    """Everything that this service keeps about a customer. Raises UnknownCustomer. Four statements."""
    account = active_account(customer_id)
    sessions = Session.objects.filter(account=account).order_by("id")
    letters = Letter.objects.filter(email=account.email).order_by("id")
    return {
        "profile": profile(account),
        "addresses": [address_body(address) for address in addresses_of(customer_id)],
        "sessions": list(sessions.values("created_at", "expires_at", "ended_at")),
        "mails": list(letters.values("kind", "email", "created_at", "sent_at", "expires_at")),
    }


def profile(account: Account) -> dict[str, Any]:
    """What a customer sees of the account."""
    own = {name: getattr(account, name) for name in PROFILE_FIELDS}
    return {"customer_id": account.public_id, "email": account.email, **own, "created_at": account.created_at}


def address_body(address: Address) -> dict[str, Any]:
    """What a customer sees of an address."""
    own = {name: getattr(address, name) for name in ADDRESS_FIELDS}
    return {"address_id": address.address_id, **own, "created_at": address.created_at}
