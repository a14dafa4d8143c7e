"""Carts, orders with their lines and transitions, answers kept under an Idempotency-Key, and events to be published."""

import uuid_utils.compat as uuid_utils
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from ecom.common.public_ids import PUBLIC_ID_LENGTH, new_public_id

ALIAS = "orders"
PRODUCT_ID_LENGTH = 64
TITLE_LENGTH = 300
MAX_QUANTITY = 1000
MAX_REASON_LENGTH = 500
MAX_KEY_LENGTH = 64
ADDRESS_FIELDS = (
    "recipient", "company", "line1", "line2", "postal_code", "city", "region", "country", "phone",
)  # fmt: skip


def new_cart_id() -> str:
    """The name of a guest's cart, known to its owner's token alone: `C…`."""
    return new_public_id("C")


def new_order_id() -> str:
    """An order's public id: `O…`."""
    return new_public_id("O")


class Status(models.TextChoices):
    """The states of an order."""

    PLACED = "PLACED"
    PAID = "PAID"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"
    CANCELLED = "CANCELLED"
    REFUNDED = "REFUNDED"


class Stock(models.TextChoices):
    """How far the catalog has been told what became of an order's units."""

    HELD = "held", "held: to be confirmed"
    SOLD = "sold", "sold: confirmed"
    RETURNING = "returning", "returning: to be released"
    RETURNED = "returned", "returned: released"


class Actor(models.TextChoices):
    """Who brings an order into a state."""

    CUSTOMER = "customer"
    STAFF = "staff"
    SERVICE = "service"
    SYSTEM = "system"


class Cart(models.Model):
    """What somebody means to buy: a customer's, one each, or a guest's, whom the signed `cart_id` makes its owner."""

    cart_id = models.CharField(max_length=PUBLIC_ID_LENGTH, default=new_cart_id, editable=False, db_collation="C")
    customer_id = models.CharField(
        max_length=PUBLIC_ID_LENGTH, null=True, blank=True, db_collation="C", help_text="Empty for a guest's."
    )
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now(), help_text="A guest's cart ends 30 days after this.")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["cart_id"], name="cart_public_id"),
            models.UniqueConstraint(fields=["customer_id"], name="cart_customer"),
        ]
        indexes = [models.Index(fields=["updated_at"], name="cart_guest_age", condition=Q(customer_id=None))]

    def __str__(self) -> str:
        return f"cart of {self.customer_id or 'a guest'}"


class CartItem(models.Model):
    """A product in a cart, with what it was called and cost when it was put there."""

    cart = models.ForeignKey(Cart, models.CASCADE, related_name="items", db_index=False)  # the constraint's serves
    product_id = models.CharField(max_length=PRODUCT_ID_LENGTH, db_collation="C")
    quantity = models.IntegerField()
    title = models.CharField(max_length=TITLE_LENGTH)
    price_amount = models.BigIntegerField(help_text="Of one, in minor units, such as cents.")
    currency = models.CharField(max_length=3)
    was_available = models.BooleanField(help_text="Whether it could be bought when it was put here.")
    added_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["cart", "product_id"], name="cart_item_product"),
            models.CheckConstraint(name="cart_item_quantity", condition=Q(quantity__range=(1, MAX_QUANTITY))),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.product_id}"


class Order(models.Model):
    """What a customer bought, at the prices as sold. `lifecycle.py` says which states follow which."""

    order_id = models.CharField(max_length=PUBLIC_ID_LENGTH, default=new_order_id, editable=False, db_collation="C")
    customer_id = models.CharField(max_length=PUBLIC_ID_LENGTH, db_collation="C", help_text="A pseudonym.")
    status = models.CharField(max_length=16, choices=Status, default=Status.PLACED)
    stock = models.CharField(max_length=16, choices=Stock, default=Stock.HELD)
    sequence = models.IntegerField(default=1, help_text="How many transitions there were.")
    currency = models.CharField(max_length=3)
    total_amount = models.BigIntegerField(help_text="In minor units, such as cents.")
    placed_at = models.DateTimeField()
    updated_at = models.DateTimeField(db_default=Now())
    recipient = models.CharField(max_length=200, blank=True)
    company = models.CharField(max_length=200, blank=True)
    line1 = models.CharField(max_length=200, blank=True)
    line2 = models.CharField(max_length=200, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=100, blank=True)
    region = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=2, blank=True, help_text="ISO 3166-1 code.")
    phone = models.CharField(max_length=32, blank=True)
    person_erased = models.BooleanField(
        db_default=False, editable=False, help_text="The customer is erased; the address goes when the parcel has gone."
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["order_id"], name="order_public_id"),
            models.CheckConstraint(name="order_total_not_negative", condition=Q(total_amount__gte=0)),
            models.CheckConstraint(
                name="order_status",
                condition=Q(status__in=["PLACED", "PAID", "SHIPPED", "DELIVERED", "CANCELLED", "REFUNDED"]),
            ),
            models.CheckConstraint(
                name="order_stock", condition=Q(stock__in=["held", "sold", "returning", "returned"])
            ),
        ]
        indexes = [
            models.Index(fields=["customer_id", "-id"], name="order_of_customer"),
            models.Index(fields=["stock", "id"], name="order_unsettled", condition=Q(stock__in=["held", "returning"])),
            models.Index(fields=["placed_at"], name="order_unpaid", condition=Q(status="PLACED")),
        ]

    def __str__(self) -> str:
        return self.order_id


class OrderLine(models.Model):
    """So many of a product, with its name and price as sold."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines", db_index=False)  # the constraint's serves
    position = models.SmallIntegerField(help_text="From 1.")
    product_id = models.CharField(max_length=PRODUCT_ID_LENGTH, db_collation="C")
    title = models.CharField(max_length=TITLE_LENGTH)
    quantity = models.IntegerField()
    price_amount = models.BigIntegerField(help_text="Of one, in minor units of the order's currency.")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="order_line_position"),
            models.CheckConstraint(name="order_line_quantity", condition=Q(quantity__range=(1, MAX_QUANTITY))),
            models.CheckConstraint(name="order_line_price_not_negative", condition=Q(price_amount__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.product_id}"


class OrderTransition(models.Model):
    """A state that an order came into: when, by whom and why. The first has no state before it."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="transitions", db_index=False)
    sequence = models.IntegerField(help_text="From 1.")
    from_status = models.CharField(max_length=16, choices=Status, blank=True)
    to_status = models.CharField(max_length=16, choices=Status)
    at = models.DateTimeField()
    actor = models.CharField(max_length=16, choices=Actor)
    actor_id = models.CharField(max_length=64, blank=True, help_text="Public id or client id; empty for the system.")
    reason = models.CharField(max_length=MAX_REASON_LENGTH, blank=True)

    class Meta:
        ordering = ["sequence"]
        constraints = [models.UniqueConstraint(fields=["order", "sequence"], name="order_transition_sequence")]

    def __str__(self) -> str:
        return f"{self.from_status or 'new'} to {self.to_status}"


class IdempotencyKey(models.Model):
    """A customer's `POST /orders` under its Idempotency-Key: running until `lease_until`, or answered.

    `order_id` is given before the catalog is asked for the units, so that whoever goes on after a crash asks under the
    same name. `attempt` counts who has gone on; only the last one may store an answer.
    """

    customer_id = models.CharField(max_length=PUBLIC_ID_LENGTH, db_collation="C")
    key = models.CharField(max_length=MAX_KEY_LENGTH, db_collation="C")
    fingerprint = models.CharField(max_length=64, help_text="Of the request's body.")
    order_id = models.CharField(max_length=PUBLIC_ID_LENGTH, db_collation="C")
    attempt = models.IntegerField(default=1)
    lease_until = models.DateTimeField()
    status = models.SmallIntegerField(null=True, help_text="Of the answer; empty while there is none.")
    location = models.CharField(max_length=100, blank=True, help_text="The answer's header of this name.")
    body = models.BinaryField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer_id", "key"], name="idempotency_key_of_customer")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_key_age")]

    def __str__(self) -> str:
        return f"key {self.pk}"


class OutboxEvent(models.Model):
    """An event that is true since the transaction that wrote it; a relay publishes it, in order of `id`."""

    event_id = models.UUIDField(default=uuid_utils.uuid7, editable=False)
    type = models.CharField(max_length=64)
    key = models.CharField(max_length=64)
    body = models.JSONField()
    traceparent = models.CharField(max_length=55, blank=True, db_default="", help_text="Of its request, if any.")
    created_at = models.DateTimeField(db_default=Now())
    published_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["event_id"], name="orders_outbox_event_id")]
        indexes = [models.Index(fields=["id"], name="orders_outbox_unpublished", condition=Q(published_at=None))]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"
