"""Placing an order: hold the units in the catalog, then store the order, its event and its answer in one transaction.

A crash before the transaction leaves a hold that ends by itself; one after it leaves an order whose hold `settling`
confirms. The order's id is stored under the Idempotency-Key before the catalog is asked, so that who comes back with
the key asks for the same hold.
"""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import orjson
from django.db import connections, transaction
from django.utils import timezone

from ecom.apps.orders.clients import catalog
from ecom.apps.orders.clients.catalog import Line, SoldLine
from ecom.apps.orders.events import order_events
from ecom.apps.orders.models import ALIAS, CartItem, Order, OrderLine, OrderTransition, Status
from ecom.apps.orders.selectors import Owner, items_of, order_body
from ecom.apps.orders.services import carts, idempotency
from ecom.apps.orders.services.idempotency import Answer, Claim
from ecom.apps.orders.services.transitions import By

LARGEST_TOTAL = 2**53 - 1  # what every JSON reader holds exactly

log = logging.getLogger(__name__)


class EmptyCart(Exception):
    """There is nothing in the cart to order."""


class CartChanged(Exception):
    """The cart was ordered or changed by another request in the same moment."""


class MixedCurrencies(Exception):
    """The lines are not all in one currency; `currencies` has each line's."""

    def __init__(self, currencies: Sequence[str]) -> None:
        super().__init__(", ".join(sorted(set(currencies))))
        self.currencies = currencies


class TotalTooLarge(Exception):
    """The order costs more than can be said exactly."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be ordered: the lines of the request or, without any, what is in the cart."""

    owner: Owner
    by: By
    address: Mapping[str, str]
    lines: tuple[Line, ...] | None = None

    def fingerprint(self) -> str:
        """The same for the same request, however its JSON was written."""
        lines = [(line.product_id, line.quantity) for line in self.lines] if self.lines else None
        text = orjson.dumps([lines, self.address], option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(text).hexdigest()


def place_order(*, customer_id: str, key: str, wanted: Wanted) -> Answer:
    """The answer to this request: an order was placed, now or by the same request before.

    Raises OtherRequest, StillRunning, EmptyCart, CartChanged, MixedCurrencies, TotalTooLarge, OutOfStock (all final:
    no order, no units held) and CatalogAway (no order; a hold may last for its time). Nine statements, twelve where a
    guest's cart is merged, whatever the number of lines.
    """
    for _ in range(2):
        claimed = idempotency.claim(customer_id=customer_id, key=key, fingerprint=wanted.fingerprint())
        if isinstance(claimed, Answer):
            return claimed
        with suppress(idempotency.ClaimLost):  # then another has gone on, and its answer is ours
            return _attempted(_Placing(customer_id, wanted, claimed))
    raise idempotency.StillRunning


def _attempted(placing: "_Placing") -> Answer:
    """What the attempt comes to; where it fails, the key says whether the next one begins anew."""
    try:
        return placing.placed()
    except catalog.CatalogAway:
        idempotency.give_up(placing.claim)
        raise
    except (EmptyCart, catalog.OutOfStock):
        idempotency.forget(placing.claim)
        raise
    except (CartChanged, MixedCurrencies, TotalTooLarge):
        # In this order: once the key is forgotten, nobody places an order under this id any more.
        if idempotency.forget(placing.claim):
            _give_back(placing.claim.order_id)
        raise


class _Placing:
    """One attempt to place an order under a claim."""

    def __init__(self, customer_id: str, wanted: Wanted, claim: Claim) -> None:
        self.customer_id, self.wanted, self.claim = customer_id, wanted, claim
        self.items: list[CartItem] = []

    def placed(self) -> Answer:
        """Raises what `place_order` does."""
        order, lines = self._order(self._reserved(self._lines()))
        return self._stored(order, lines)

    def _lines(self) -> Sequence[Line]:
        if self.wanted.lines is not None:
            return self.wanted.lines
        carts.merge(owner=self.wanted.owner)
        self.items = items_of(Owner(self.customer_id))
        if not self.items:
            raise EmptyCart
        return [Line(item.product_id, item.quantity) for item in self.items]

    def _reserved(self, lines: Sequence[Line]) -> list[SoldLine]:
        """The lines as sold. What an earlier attempt held in vain, other lines perhaps, is given back before."""
        try:
            return catalog.reserve(order_id=self.claim.order_id, lines=lines)
        except catalog.ReservationTaken:
            in_vain, self.claim = self.claim.order_id, idempotency.rename(self.claim)
            catalog.release([in_vain])
            return self._reserved_anew(lines)

    def _reserved_anew(self, lines: Sequence[Line]) -> list[SoldLine]:
        try:
            return catalog.reserve(order_id=self.claim.order_id, lines=lines)
        except catalog.ReservationTaken as error:
            raise catalog.CatalogAway("it knows an order that was never there") from error

    def _order(self, sold: Sequence[SoldLine]) -> tuple[Order, list[OrderLine]]:
        """The order that these lines make, not stored yet. Raises MixedCurrencies, TotalTooLarge."""
        currencies = [line.price.currency for line in sold]
        if len(set(currencies)) > 1:
            raise MixedCurrencies(currencies)
        total = sum(line.price.amount * line.quantity for line in sold)
        if total > LARGEST_TOTAL:
            raise TotalTooLarge
        now = timezone.now()
        order = Order(
            order_id=self.claim.order_id,
            customer_id=self.customer_id,
            currency=currencies[0],
            total_amount=total,
            placed_at=now,
            updated_at=now,
            **self.wanted.address,
        )
        return order, [_line(order, position, line) for position, line in enumerate(sold, start=1)]

    def _stored(self, order: Order, lines: list[OrderLine]) -> Answer:
        transition = OrderTransition(
            order=order,
            sequence=1,
            to_status=Status.PLACED,
            at=order.placed_at,
            actor=self.wanted.by.actor,
            actor_id=self.wanted.by.actor_id,
        )
        body = orjson.dumps(order_body(order, lines, [transition]), option=orjson.OPT_UTC_Z)
        answer = Answer(201, f"/orders/{order.order_id}", body)
        with transaction.atomic(using=ALIAS):
            idempotency.keep(self.claim, answer)
            if self.items:
                _empty(self.items)
            order.save(force_insert=True)
            OrderLine.objects.bulk_create(lines)
            transition.save(force_insert=True)
            order_events([(order, transition, lines)])
        return answer


def _give_back(order_id: str) -> None:
    """Units that are not needed after all; if nobody hears it, their hold ends by itself."""
    try:
        catalog.release([order_id])
    except catalog.CatalogAway as error:
        log.warning("a hold is left to its end", extra={"order_id": order_id, "error": str(error)})


def _line(order: Order, position: int, sold: SoldLine) -> OrderLine:
    return OrderLine(
        order=order,
        position=position,
        product_id=sold.product_id,
        title=sold.title,
        quantity=sold.quantity,
        price_amount=sold.price.amount,
    )


# Items that were changed since they were read are not those that were ordered.
_EMPTY = """
    DELETE FROM orders_cartitem AS item USING unnest(%(ids)s, %(quantities)s) AS ordered (id, quantity)
    WHERE item.id = ordered.id AND item.quantity = ordered.quantity
"""


def _empty(items: Sequence[CartItem]) -> None:
    """Take out what was ordered. Two statements. Raises CartChanged: a cart is ordered once, and as it was read."""
    with connections[ALIAS].cursor() as cursor:
        cursor.execute("SELECT FROM orders_cart WHERE id = %s FOR UPDATE", [items[0].cart_id])
        cursor.execute(_EMPTY, {"ids": [item.pk for item in items], "quantities": [item.quantity for item in items]})
        if cursor.rowcount != len(items):
            raise CartChanged
