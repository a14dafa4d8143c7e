"""The API's shapes: what a body may say, and what answers look like."""

from typing import Any

from rest_framework import serializers

from ecom.apps.orders.models import MAX_QUANTITY, MAX_REASON_LENGTH, Actor, Status
from ecom.apps.orders.selectors import NEWEST
from ecom.apps.orders.services.carts import MAX_ITEMS
from ecom.common.pagination import decode_cursor_of
from ecom.common.serializers import PostalAddress, StrictSerializer

PRODUCT_ID = r"\A[A-Za-z0-9._:~-]{1,64}\Z"
MAX_LIMIT = 100


class ProductIdField(serializers.RegexField):
    """A product's public id, as the catalog gives them."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(PRODUCT_ID, trim_whitespace=False, **kwargs)


class QuantityField(serializers.IntegerField):
    """How many of a product: a JSON integer, as a number in quotes would hide a mistake."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=MAX_QUANTITY, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class CartAddition(StrictSerializer):
    """`POST /cart/add`, and one of the items of `POST /orders`."""

    product_id = ProductIdField()
    quantity = QuantityField()


class QuantityChange(StrictSerializer):
    """`PATCH /cart/items/{product_id}`."""

    quantity = QuantityField()


class DeliveryAddress(PostalAddress):
    """Where an order goes."""


class OrderRequest(StrictSerializer):
    """`POST /orders`: these items or, without any, what is in the cart."""

    items = serializers.ListField(child=CartAddition(), required=False, allow_empty=False, max_length=MAX_ITEMS)
    delivery_address = DeliveryAddress()

    def validate_items(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        ids = [item["product_id"] for item in items]
        if len(set(ids)) < len(ids):
            raise serializers.ValidationError("A product stands here more than once.", code="repeated")
        return items


class CancelRequest(StrictSerializer):
    """`POST /orders/{order_id}/cancel`."""

    reason = serializers.CharField(max_length=MAX_REASON_LENGTH, allow_blank=True, required=False)


class TransitionRequest(StrictSerializer):
    """`POST /orders/{order_id}/transitions`."""

    to = serializers.ChoiceField(Status.values)
    reason = serializers.CharField(max_length=MAX_REASON_LENGTH, allow_blank=True, required=False)


class OrdersQuery(serializers.Serializer[Any]):
    """The query parameters of `GET /orders`."""

    limit = serializers.IntegerField(required=False, default=20, min_value=1, max_value=MAX_LIMIT)
    cursor = serializers.CharField(required=False, help_text="From a page's `next` or `previous`.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "cursor" in attrs:
            attrs["cursor"] = decode_cursor_of(NEWEST, (int,), attrs["cursor"])
        return attrs


class MoneyShape(serializers.Serializer[Any]):
    amount = serializers.IntegerField(help_text="In minor units, such as cents.")
    currency = serializers.CharField(help_text="ISO 4217 code.")


class ChangeShape(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(["price", "availability", "quantity"])
    before = serializers.JSONField(help_text="Money, whether it could be bought, or how many are in the cart.")
    now = serializers.JSONField(help_text="Money, whether it can be bought, or how many there are.")


class CartItemShape(serializers.Serializer[Any]):
    product_id = serializers.CharField()
    quantity = serializers.IntegerField()
    title = serializers.CharField(help_text="As when it was added.")
    unit_price = MoneyShape(allow_null=True, help_text="As of now; null where it is not sold or not known.")
    line_total = MoneyShape(allow_null=True)
    available = serializers.BooleanField(allow_null=True, help_text="Whether so many can be bought; null: not known.")
    stock = serializers.IntegerField(allow_null=True, help_text="Units that can be sold now; null: not known.")
    changes = ChangeShape(many=True, help_text="What is not as it was when the item was added.")
    added_at = serializers.DateTimeField()


class CartShape(serializers.Serializer[Any]):
    items = CartItemShape(many=True)
    item_count = serializers.IntegerField(help_text="Units, all items together.")
    totals = MoneyShape(many=True, help_text="One for each currency.")
    prices_known = serializers.BooleanField(help_text="False while the catalog does not answer.")
    cart_token = serializers.CharField(required=False, help_text="A guest's: for the header X-Cart-Token.")


class OrderLineShape(serializers.Serializer[Any]):
    product_id = serializers.CharField()
    title = serializers.CharField(help_text="As sold.")
    quantity = serializers.IntegerField()
    unit_price = MoneyShape(help_text="As sold.")
    line_total = MoneyShape()


class TransitionShape(serializers.Serializer[Any]):
    to = serializers.ChoiceField(Status.values)
    at = serializers.DateTimeField()
    actor = serializers.ChoiceField(Actor.values)
    reason = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        before = serializers.ChoiceField(Status.values, allow_null=True, help_text="Null for a new order.")
        return {"from": before, **super().get_fields()}


class DeliveryAddressShape(serializers.Serializer[Any]):
    recipient = serializers.CharField()
    company = serializers.CharField()
    line1 = serializers.CharField()
    line2 = serializers.CharField()
    postal_code = serializers.CharField()
    city = serializers.CharField()
    region = serializers.CharField()
    country = serializers.CharField()
    phone = serializers.CharField()


class OrderSummaryShape(serializers.Serializer[Any]):
    order_id = serializers.CharField()
    status = serializers.ChoiceField(Status.values)
    placed_at = serializers.DateTimeField()
    currency = serializers.CharField()
    total = MoneyShape()
    lines = OrderLineShape(many=True)


class OrderShape(OrderSummaryShape):
    delivery_address = DeliveryAddressShape(help_text="Empty once the customer was erased.")
    transitions = TransitionShape(many=True)


class OrderPageShape(serializers.Serializer[Any]):
    results = OrderSummaryShape(many=True)
    next = serializers.CharField(allow_null=True, help_text="Relative URL of the next page.")
    previous = serializers.CharField(allow_null=True, help_text="Relative URL of the page before.")
