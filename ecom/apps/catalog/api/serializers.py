"""The API's shapes: what a query may ask, and what answers look like.

Queries are validated by these. Answers come from the selectors as plain data and are not passed through serializers,
which cost several times the SQL; a test holds the two together, and the OpenAPI document is made from these.
"""

from typing import Any

from rest_framework import serializers

from ecom.apps.catalog.models import MAX_PATH_LENGTH, MAX_PRICE_AMOUNT, MAX_STOCK, PRODUCT_ID_PATTERN, Reservation
from ecom.apps.catalog.selectors import NEWEST_PRICE, RESERVATION_SORT, SORTS
from ecom.common.pagination import Cursor, decode_cursor_of
from ecom.common.serializers import StrictSerializer

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


class PriceQuery(serializers.Serializer[Any]):
    """The query parameters of `GET /internal/products/{product_id}/prices`."""

    at = serializers.DateTimeField(required=False, help_text="A time (RFC 3339): the price at that time alone.")
    limit = serializers.IntegerField(default=20, min_value=1, max_value=MAX_LIMIT)
    cursor = serializers.CharField(required=False, help_text="From a page's `next` or `previous`.")

    def validate_cursor(self, value: str) -> Cursor:
        return decode_cursor_of(NEWEST_PRICE, (int,), value)


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
    active = serializers.BooleanField(help_text="Only active products are public.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField(help_text="When anything but the stock was changed last.")


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


class ReservationRequestShape(StrictSerializer):
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


class OrdersShape(StrictSerializer):
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


class PriceShape(StrictSerializer):
    amount = serializers.IntegerField(min_value=0, max_value=MAX_PRICE_AMOUNT, help_text="In minor units.")
    currency = serializers.RegexField("^[A-Z]{3}$", help_text="ISO 4217 code.")


class ProductChangesShape(StrictSerializer):
    """What may be changed about a product; what is not there stays as it is. Text is stored without HTML."""

    title = serializers.CharField(required=False, max_length=300)
    price = PriceShape(required=False)
    description = serializers.CharField(required=False, allow_blank=True, max_length=20_000)
    brand = serializers.CharField(required=False, allow_blank=True, max_length=100)
    category_path = serializers.CharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=MAX_PATH_LENGTH,
        help_text="A category's path, or names with slashes between; it is made where it does not exist. "
        "A list of names from the root down does as well.",
    )
    stock = serializers.IntegerField(
        required=False, min_value=0, max_value=MAX_STOCK, help_text="Units that can be sold now."
    )
    image_url = serializers.CharField(required=False, allow_blank=True, max_length=500)
    active = serializers.BooleanField(required=False, help_text="Only active products are public.")


class NewProductShape(ProductChangesShape):
    """A product as it is created, or brought up to date in bulk."""

    product_id = serializers.RegexField(f"^{PRODUCT_ID_PATTERN}$")
    title = serializers.CharField(max_length=300)
    price = PriceShape()


class BulkRequestShape(StrictSerializer):
    products = serializers.ListField(child=NewProductShape(), min_length=1, max_length=1000)


class FieldErrorShape(serializers.Serializer[Any]):
    pointer = serializers.CharField(help_text="JSON Pointer into the body.")
    code = serializers.CharField()
    detail = serializers.CharField()


class BulkResultShape(serializers.Serializer[Any]):
    index = serializers.IntegerField(help_text="Of the product in the body, from 0.")
    product_id = serializers.CharField(required=False, help_text="Where the product was not rejected.")
    outcome = serializers.ChoiceField(["created", "updated", "unchanged", "rejected"])
    errors = FieldErrorShape(many=True, required=False, help_text="Why.")  # type: ignore[assignment] # no attribute


class BulkCountsShape(serializers.Serializer[Any]):
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    rejected = serializers.IntegerField()


class BulkResponseShape(serializers.Serializer[Any]):
    counts = BulkCountsShape()
    results = BulkResultShape(many=True)


class PriceSinceShape(serializers.Serializer[Any]):
    price = MoneyShape()
    since = serializers.DateTimeField()


class PricePageShape(serializers.Serializer[Any]):
    results = PriceSinceShape(many=True, help_text="The newest first.")
    next = serializers.CharField(allow_null=True, help_text="Relative URL of the next page.")
    previous = serializers.CharField(allow_null=True, help_text="Relative URL of the page before.")
