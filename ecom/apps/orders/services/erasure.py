"""What stays of a customer who was erased: orders under a pseudonym, without a word about the person."""

from django.db import transaction

from ecom.apps.orders.lifecycle import NEED_ADDRESS
from ecom.apps.orders.models import (
    ADDRESS_FIELDS,
    ALIAS,
    Actor,
    Cart,
    IdempotencyKey,
    Order,
    OrderTransition,
)

_PEOPLE = (Actor.CUSTOMER, Actor.STAFF)


def anonymise_customer(*, customer_id: str) -> None:
    """Empty the addresses and typed reasons of this customer's orders; remove the cart and the kept answers.

    An order that is still to be shipped keeps its address until it is, or is cancelled. Seven statements, however many
    orders; doing it again does nothing. Events hold the pseudonym and nothing typed.
    """
    with transaction.atomic(using=ALIAS):
        IdempotencyKey.objects.filter(customer_id=customer_id).delete()
        cart = Cart.objects.select_for_update().filter(customer_id=customer_id).first()
        if cart:
            cart.delete()
        orders = Order.objects.filter(customer_id=customer_id)
        orders.filter(status__in=NEED_ADDRESS).update(person_erased=True)  # before the rest, which may just have left
        orders.exclude(status__in=NEED_ADDRESS).update(person_erased=True, **dict.fromkeys(ADDRESS_FIELDS, ""))
        typed = OrderTransition.objects.filter(order__customer_id=customer_id, actor__in=_PEOPLE).exclude(reason="")
        typed.update(reason="")
