"""How orders take units out of the stock: held, then confirmed, or given back.

Every verb is idempotent and takes a bounded number of statements, however many orders and lines there are. Rows are
locked in the order that `ProductQuerySet.locked` tells: a reservation's header before its products.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from prometheus_client import Counter

from ecom.apps.catalog.models import Product, Reservation, ReservationLine
from ecom.apps.catalog.selectors import Money
from ecom.apps.catalog.sql import ALIAS, execute, rows_of

BATCH = 500
# How long ended reservations stay: a tombstone must outlive the call that it stops, the rest is for whoever asks.
KEPT_ENDED = timedelta(days=30)
HELD, CONFIRMED = Reservation.State.HELD, Reservation.State.CONFIRMED
RELEASED, EXPIRED = Reservation.State.RELEASED, Reservation.State.EXPIRED

RESERVATIONS = Counter("ecom_catalog_reservations", "Reservations by what became of them.", ["outcome"])


@dataclass(frozen=True, slots=True)
class HeldLine:
    """Units that are held, with the title and the price that the product had when they were taken."""

    product_id: str
    quantity: int
    title: str
    price: Money


@dataclass(frozen=True, slots=True)
class Hold:
    """What an order has for itself until `expires_at`; lines are in the order of the first request."""

    order_id: str
    state: str
    expires_at: datetime
    lines: list[HeldLine]


@dataclass(frozen=True, slots=True)
class Shortage:
    """A product of which too few units are left; `known` tells whether it is for sale at all."""

    product_id: str
    requested: int
    available: int
    known: bool


class OutOfStock(Exception):
    """Nothing was taken, because of these."""

    def __init__(self, shortages: Sequence[Shortage]) -> None:
        super().__init__(", ".join(shortage.product_id for shortage in shortages))
        self.shortages = shortages


class ReservationDiffers(Exception):
    """The order holds other units than these."""


class ReservationEnded(Exception):
    """The order's reservation is no hold any more, and does not become one again."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


def reserve(*, order_id: str, lines: Mapping[str, int]) -> tuple[Hold, bool]:
    """Take these units (by product id) out of the stock for an order, all or nothing; and whether that is news.

    The same again is answered with the hold as it is. Raises OutOfStock, ReservationDiffers, ReservationEnded. Three
    statements, two where the order is known.
    """
    with transaction.atomic(using=ALIAS):
        # Whoever asks for the same order waits here for the first one's end, and holds no product meanwhile.
        opened = rows_of(
            """
            INSERT INTO catalog_reservation (order_id, state, expires_at)
            VALUES (%s, 'held', statement_timestamp() + make_interval(secs => %s))
            ON CONFLICT (order_id) DO NOTHING RETURNING id, expires_at
            """,
            [order_id, settings.RESERVATION_SECONDS],
        )
        if not opened:
            return _known_hold(order_id, lines), False
        [(reservation, expires_at)] = opened
        held = _taken(reservation, lines)
    RESERVATIONS.labels("held").inc()
    return Hold(order_id, HELD.value, expires_at, held), True


def _known_hold(order_id: str, lines: Mapping[str, int]) -> Hold:
    rows = rows_of(
        """
        SELECT r.state, r.expires_at, p.product_id, l.quantity, l.title, l.price_amount, l.currency
        FROM catalog_reservation r
        LEFT JOIN catalog_reservationline l ON l.reservation_id = r.id
        LEFT JOIN catalog_product p ON p.id = l.product_id
        WHERE r.order_id = %s ORDER BY l.id
        """,
        [order_id],
    )
    state, expires_at = rows[0][:2]
    if state != HELD:
        raise ReservationEnded(state)
    held = [
        HeldLine(product_id, quantity, title, Money(amount, currency))
        for _, _, product_id, quantity, title, amount, currency in rows
    ]
    if {line.product_id: line.quantity for line in held} != dict(lines):
        raise ReservationDiffers
    return Hold(order_id, state, expires_at, held)


def _taken(reservation: int, lines: Mapping[str, int]) -> list[HeldLine]:
    """Lock the products, see that each has enough, take the units. Raises OutOfStock."""
    locked = Product.objects.filter(product_id__in=lines, active=True).locked()
    columns = ("product_id", "pk", "stock", "title", "price_amount", "currency")
    products = {row[0]: row[1:] for row in locked.values_list(*columns)}
    if shortages := [
        Shortage(product_id, quantity, stock, product_id in products)
        for product_id, quantity in lines.items()
        if (stock := products[product_id][1] if product_id in products else 0) < quantity
    ]:
        RESERVATIONS.labels("refused").inc()
        raise OutOfStock(shortages)
    _take(reservation, [(products[product_id][0], quantity) for product_id, quantity in lines.items()])
    return [
        HeldLine(product_id, quantity, products[product_id][2], Money(*products[product_id][3:]))
        for product_id, quantity in lines.items()
    ]


def _take(reservation: int, units: Sequence[tuple[int, int]]) -> None:
    """Store `(product's key, quantity)` of products that are locked. It writes no index of theirs: only `stock`."""
    execute(
        """
        WITH line AS (
            SELECT * FROM unnest(%s::bigint[], %s::integer[]) WITH ORDINALITY AS line (product_id, quantity, number)
        ), taken AS (
            UPDATE catalog_product p SET stock = p.stock - line.quantity FROM line WHERE p.id = line.product_id
        )
        INSERT INTO catalog_reservationline (reservation_id, product_id, quantity, title, price_amount, currency)
        SELECT %s, p.id, line.quantity, p.title, p.price_amount, p.currency
        FROM line JOIN catalog_product p ON p.id = line.product_id ORDER BY line.number
        """,
        [[product for product, _ in units], [quantity for _, quantity in units], reservation],
    )


def confirm(*, order_ids: Sequence[str]) -> dict[str, str]:
    """Make these orders' holds lasting; a late one too, while it has not expired. Returns the outcomes by order id.

    `confirmed` also where it was already; `expired`, `released` or `unknown` where there is no hold. Two statements.
    """
    with transaction.atomic(using=ALIAS):
        states = {order_id: state for _, order_id, state in _locked(order_ids)}
        if held := [order_id for order_id, state in states.items() if state == HELD]:
            Reservation.objects.filter(order_id__in=held).update(state=CONFIRMED)
    RESERVATIONS.labels("confirmed").inc(len(held))
    outcomes = {**states, **dict.fromkeys(held, CONFIRMED.value)}
    return {order_id: outcomes.get(order_id, "unknown") for order_id in order_ids}


def release(*, order_ids: Sequence[str]) -> None:
    """Give these orders' units back, confirmed or not, once. An order that is not known can reserve nothing any more.

    Four statements.
    """
    with transaction.atomic(using=ALIAS):
        _bury(order_ids)
        kept = [key for key, _, state in _locked(order_ids) if state in (HELD, CONFIRMED)]
        _give_back(kept, RELEASED)
    RESERVATIONS.labels("released").inc(len(kept))


def expire_reservations() -> int:
    """Give back the units of some holds that are past their time; several workers may. Returns how many there were."""
    with transaction.atomic(using=ALIAS):
        due = Reservation.objects.filter(state=HELD, expires_at__lt=Now()).order_by("expires_at")
        # Whatever is locked is being confirmed or released: it is no business of ours.
        keys = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH])
        _give_back(keys, EXPIRED)
    RESERVATIONS.labels("expired").inc(len(keys))
    return len(keys)


def purge_reservations() -> int:
    """Remove some reservations that ended more than 30 days ago. Returns how many there were."""
    with transaction.atomic(using=ALIAS):
        old = Reservation.objects.filter(ended_at__lt=Now() - KEPT_ENDED).order_by("ended_at")
        keys = list(old.select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH])
        Reservation.objects.filter(pk__in=keys).delete()
    return len(keys)


def _bury(order_ids: Sequence[str]) -> None:
    """A tombstone for each order that has no reservation; where one is just being made, this waits for it."""
    execute(
        """
        INSERT INTO catalog_reservation (order_id, state, expires_at, ended_at)
        SELECT order_id, 'released', statement_timestamp(), statement_timestamp()
        FROM unnest(%s::text[]) AS asked (order_id) ORDER BY order_id
        ON CONFLICT (order_id) DO NOTHING
        """,
        [list(order_ids)],
    )


def _locked(order_ids: Sequence[str]) -> list[tuple[int, str, str]]:
    """Key, order id and state of the reservations that there are, locked by order id, as everybody locks them."""
    asked = Reservation.objects.filter(order_id__in=order_ids).order_by("order_id")
    return list(asked.select_for_update().values_list("pk", "order_id", "state"))


def _give_back(keys: Sequence[int], state: Reservation.State) -> None:
    """End these reservations, which are locked and not ended, and put their units back. Two statements."""
    if not keys:
        return
    products = ReservationLine.objects.filter(reservation__in=keys).values("product")
    list(Product.objects.filter(pk__in=products).locked().values_list("pk"))
    execute(
        """
        WITH back AS (
            SELECT product_id, sum(quantity) AS quantity FROM catalog_reservationline
            WHERE reservation_id = ANY(%(keys)s) GROUP BY product_id
        ), returned AS (
            UPDATE catalog_product p SET stock = p.stock + back.quantity FROM back WHERE p.id = back.product_id
        )
        UPDATE catalog_reservation SET state = %(state)s, ended_at = statement_timestamp() WHERE id = ANY(%(keys)s)
        """,
        {"keys": list(keys), "state": state},
    )
