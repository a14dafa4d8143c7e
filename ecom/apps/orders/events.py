"""The events of this context, written to its outbox in the transaction that makes them true."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial

import prometheus_client
from django.db import transaction

from ecom.apps.orders.models import ALIAS, Actor, Order, OrderLine, OrderTransition, OutboxEvent
from ecom.common.request_context import current_traceparent
from ecom.contracts import order_event
from ecom.contracts.order_event import ORDER_EVENT, OrderEvent
from ecom.contracts.published import outbox_body

# What a person typed stays with the order, where it can be erased; events go further than that.
_QUOTED = frozenset({Actor.SERVICE, Actor.SYSTEM})

STATES = prometheus_client.Counter("ecom_orders_transitions", "Orders by the state that they came into.", ["state"])


def order_events(happened: Sequence[tuple[Order, OrderTransition, Sequence[OrderLine]]]) -> None:
    """Each order came into the state that its transition says. One statement."""
    OutboxEvent.objects.bulk_create(
        OutboxEvent(
            type=ORDER_EVENT.ce_type,
            key=order.order_id,
            body=_body(order, made, lines),
            traceparent=current_traceparent(),
        )
        for order, made, lines in happened
    )
    states = Counter(str(made.to_status) for _, made, _ in happened)
    transaction.on_commit(partial(_count, states), using=ALIAS)


def _count(states: Mapping[str, int]) -> None:
    for state, number in states.items():
        STATES.labels(state).inc(number)


def _body(order: Order, transition: OrderTransition, lines: Sequence[OrderLine]) -> object:
    event = OrderEvent(
        order_id=order.order_id,
        customer_id=order.customer_id,
        status=transition.to_status,
        previous_status=transition.from_status or None,
        occurred_at=transition.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        reason=transition.reason if transition.actor in _QUOTED else "",
        sequence=transition.sequence,
        total=order_event.Money(amount=order.total_amount, currency=order.currency),
        lines=[_line(line, order.currency) for line in lines],
    )
    return outbox_body(event)


def _line(line: OrderLine, currency: str) -> order_event.OrderLine:
    price = order_event.Money(amount=line.price_amount, currency=currency)
    return order_event.OrderLine(product_id=line.product_id, quantity=line.quantity, price=price)
