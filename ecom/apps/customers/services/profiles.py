"""A customer's own data: the profile and the addresses."""

from collections.abc import Mapping

from django.db import transaction

from ecom.apps.customers.models import ALIAS, Account, Address
from ecom.apps.customers.selectors import UnknownAddress, UnknownCustomer, active_account, address_of, addresses_of

MAX_ADDRESSES = 50


class TooManyAddresses(Exception):
    """The customer has as many addresses as one may have."""


def change_profile(*, customer_id: str, changes: Mapping[str, str]) -> Account:
    """Change some of `given_name`, `family_name`, `phone`. Raises UnknownCustomer. Two statements."""
    if changes:
        Account.objects.filter(public_id=customer_id, is_active=True).update(**changes)
    return active_account(customer_id)


def add_address(*, customer_id: str, values: Mapping[str, str]) -> Address:
    """Raises UnknownCustomer, TooManyAddresses. Three statements."""
    with transaction.atomic(using=ALIAS):
        # Locked, so that two at once cannot both be the last one allowed.
        account = Account.objects.select_for_update().filter(public_id=customer_id, is_active=True).first()
        if account is None:
            raise UnknownCustomer
        if Address.objects.filter(account=account).count() >= MAX_ADDRESSES:
            raise TooManyAddresses
        return Address.objects.create(account=account, **values)


def change_address(*, customer_id: str, address_id: str, changes: Mapping[str, str]) -> Address:
    """Raises UnknownAddress, also for another customer's. Two statements."""
    if changes:
        addresses_of(customer_id).filter(address_id=address_id).update(**changes)
    return address_of(customer_id, address_id)


def remove_address(*, customer_id: str, address_id: str) -> None:
    """Raises UnknownAddress, also for another customer's. One statement."""
    if not addresses_of(customer_id).filter(address_id=address_id).delete()[0]:
        raise UnknownAddress
