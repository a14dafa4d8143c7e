"""The API's shapes: what a query may ask, and what answers look like.

Queries are validated by these. Answers come from the selectors as plain data and are not passed through serializers,
which cost several times the SQL; a test holds the two together, and the OpenAPI document is made from these.
"""

from typing import Any

from rest_framework import serializers

from ecom.apps.catalog.models import Reservation
from ecom.apps.catalog.selectors import RESERVATION_SORT, SORTS
from ecom.common.pagination import Cursor, decode_cursor_of

MAX_LIMIT = 100
MAX_IDS = 100
MAX_RESERVATIONS = 500
MAX_PRICE_FILTER = 2**53  # beyond it JSON numbers are not exact


class ProductQuery(serializers.Serializer[Any]):
    """The query parameters of `GET /products`; an empty one is as good as none."""

    category = serializers.CharField(required=False, allow_blank=True, max_length=500, help_text="A category's path.")
    brand = serializers.CharField(required=False, allow_blank=True, max_length=100, help_text="In any case.")
    currency = serializers.RegexField("^[A-Z]{3}$", required=False, help_text="ISO 4217 code.")
    min_price = serializers.IntegerField(required=False, min_value=0, max_value=MAX_PRICE_FILTER)
    max_price = serializers.IntegerField(required=False, min_value=0, max_value=MAX_PRICE_FILTER)
    in_stock = serializers.BooleanField(required=False)
    q = serializers.CharField(
        required=False, allow_blank=True, max_length=200, help_text='Words; "a phrase", or, -without.'
    )
    sort = serializers.ChoiceField(list(SORTS), required=False, help_text="By default relevance with q, else newest.")
    limit = serializers.IntegerField(required=False, default=20, min_value=1, max_value=MAX_LIMIT)
    cursor = serializers.CharField(required=False, help_text="From a page's `next` or `previous`.")
    ids = serializers.CharField(
        required=False, allow_blank=True, help_text="Product ids, separated by commas; goes with no other parameter."
    )

    def validate_ids(self, value: str) -> list[str]:
        ids = [product_id for product_id in value.split(",") if product_id]
        if len(ids) > MAX_IDS:
            raise serializers.ValidationError(f"At most {MAX_IDS} ids can be asked for at once.")
        return ids

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        query = {name: value for name, value in attrs.items() if value != ""}
        if "ids" in query:
            return self._only_ids(query)
        query.setdefault("sort", "relevance" if "q" in query else "newest")
        if query["sort"] == "relevance" and "q" not in query:
            raise serializers.ValidationError({"sort": ["Relevance needs words to search for (q)."]})
        if "cursor" in query:
            sort = query["sort"]
            query["cursor"] = decode_cursor_of(sort, SORTS[sort].kinds, query["cursor"])
        return query

    def _only_ids(self, query: dict[str, Any]) -> dict[str, Any]:
        if query.keys() - {"ids", "limit"}:
            raise serializers.ValidationError({"ids": ["ids goes with no other parameter."]})
        return query


class ReservationQuery(serializers.Serializer[Any]):
    """The query parameters of `GET /internal/reservations`."""

    state = serializers.CharField(default="held,confirmed", help_text="States, separated by commas.")
    limit = serializers.IntegerField(default=100, min_value=1, max_value=MAX_RESERVATIONS)
    cursor = serializers.CharField(required=False, help_text="From a page's `next` or `previous`.")

    def validate_state(self, value: str) -> list[str]:
        states = value.split(",")
        if unknown := [state for state in states if state not in Reservation.State.values]:
            raise serializers.ValidationError(f"There is no state {unknown[0]}.")
        return states

    def validate_cursor(self, value: str) -> Cursor:
        return decode_cursor_of(RESERVATION_SORT, (int,), value)


class MoneyShape(serializers.Serializer[Any]):
    amount = serializers.IntegerField(help_text="In minor units, such as cents.")
    currency = serializers.CharField(help_text="ISO 4217 code.")


class CategoryNameShape(serializers.Serializer[Any]):
    path = serializers.CharField()
    name = serializers.CharField()


class ProductSummaryShape(serializers.Serializer[Any]):
    product_id = serializers.CharField()
    title = serializers.CharField()
    brand = serializers.CharField()
    category = CategoryNameShape(allow_null=True)
    price = MoneyShape()
    stock = serializers.IntegerField(help_text="Units that can be sold now.")
    image_url = serializers.CharField()


class ProductDetailShape(ProductSummaryShape):
    description = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class ProductPageShape(serializers.Serializer[Any]):
    results = ProductSummaryShape(many=True)
    next = serializers.CharField(allow_null=True, help_text="Relative URL of the next page.")
    previous = serializers.CharField(allow_null=True, help_text="Relative URL of the page before.")


class CategoryShape(serializers.Serializer[Any]):
    path = serializers.CharField()
    name = serializers.CharField()
    product_count = serializers.IntegerField(help_text="Active products, those of descendants included.")

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "children": CategoryShape(many=True)}


class ReservedUnitsShape(serializers.Serializer[Any]):
    product_id = serializers.CharField()
    quantity = serializers.IntegerField(min_value=1, max_value=1000)


class ReservationRequestShape(serializers.Serializer[Any]):
    lines = serializers.ListField(
        child=ReservedUnitsShape(), min_length=1, max_length=100, help_text="Of different products."
    )


class HeldLineShape(ReservedUnitsShape):
    title = serializers.CharField()
    price = MoneyShape(help_text="Of one unit, when it was taken.")


class HoldShape(serializers.Serializer[Any]):
    order_id = serializers.CharField()
    state = serializers.CharField()
    expires_at = serializers.DateTimeField()
    lines = HeldLineShape(many=True)


class OrdersShape(serializers.Serializer[Any]):
    order_ids = serializers.ListField(child=serializers.CharField(), min_length=1, max_length=500)


class OrderOutcomeShape(serializers.Serializer[Any]):
    order_id = serializers.CharField()
    outcome = serializers.ChoiceField(["confirmed", "expired", "released", "unknown"])


class OrderOutcomesShape(serializers.Serializer[Any]):
    results = OrderOutcomeShape(many=True)


class ReservationShape(serializers.Serializer[Any]):
    order_id = serializers.CharField()
    state = serializers.ChoiceField(Reservation.State.choices)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    lines = ReservedUnitsShape(many=True)


class ReservationPageShape(serializers.Serializer[Any]):
    results = ReservationShape(many=True)
    next = serializers.CharField(allow_null=True, help_text="Relative URL of the next page.")
    previous = serializers.CharField(allow_null=True, help_text="Relative URL of the page before.")
