"""The API's shapes: what a query may ask, and what answers look like.

Queries are validated by these. Answers come from the selectors as plain data and are not passed through serializers,
which cost several times the SQL; a test holds the two together, and the OpenAPI document is made from these.
"""

from typing import Any

from rest_framework import serializers

from ecom.apps.catalog.selectors import SORTS
from ecom.common.pagination import decode_cursor_of

MAX_LIMIT = 100
MAX_IDS = 100
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
