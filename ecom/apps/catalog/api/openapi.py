"""The API of catalog as its document describes it."""

from typing import Any

from rest_framework import serializers

from ecom.apps.catalog.api import bulk, internal, views
from ecom.apps.catalog.api import serializers as shapes
from ecom.common.openapi import Answer, described, operation


class CategoriesShape(serializers.Serializer[Any]):
    results = shapes.CategoryShape(many=True)


PRICE = {"amount": 1999, "currency": "EUR"}
SUMMARY = {
    "product_id": "P301",
    "title": "Trail running shoes",
    "brand": "Ecom",
    "category": {"path": "sport/running", "name": "Running"},
    "price": PRICE,
    "stock": 12,
    "image_url": "https://images.example.com/P301.jpg",
}
DETAIL = {
    **SUMMARY,
    "description": "Light, with a grip that holds on wet rock.",
    "active": True,
    "created_at": "2025-11-01T08:00:00Z",
    "updated_at": "2025-11-23T12:40:09Z",
}
RUNNING = {"path": "sport/running", "name": "Running", "product_count": 41, "children": []}
TREE = {"results": [{"path": "sport", "name": "Sport", "product_count": 120, "children": [RUNNING]}]}
ORDER_ID = "O5T8W2ZC9K1MXQ7R"
UNITS = [{"product_id": "P301", "quantity": 2}]
HOLD = {
    "order_id": ORDER_ID,
    "state": "held",
    "expires_at": "2025-11-23T12:42:09Z",
    "lines": [{**UNITS[0], "title": SUMMARY["title"], "price": PRICE}],
}
RESERVATION = {
    "order_id": ORDER_ID,
    "state": "held",
    "created_at": "2025-11-23T12:40:09Z",
    "expires_at": "2025-11-23T12:42:09Z",
    "lines": UNITS,
}
NEIGHBOURS = {"next": None, "previous": None}

NEW = {
    "product_id": "P301",
    "title": "Trail running shoes",
    "price": PRICE,
    "category_path": "Sport/Running",
    "stock": 12,
}
REFUSED = {"pointer": "/products/1/price/amount", "code": "required", "detail": "amount is required."}
BULK = {
    "counts": {"created": 1, "updated": 0, "unchanged": 0, "rejected": 1},
    "results": [
        {"index": 0, "product_id": "P301", "outcome": "created"},
        {"index": 1, "outcome": "rejected", "errors": [REFUSED]},
    ],
}
HISTORY = {"results": [{"price": PRICE, "since": "2025-11-01T08:00:00Z"}], **NEIGHBOURS}
KNOWN = {"If-None-Match": "ETags of answers that the caller has."}
UNCHANGED = Answer(description="As in an answer that the caller has")
SEEN = {"If-Match": "The ETag of the product as the caller knows it, or *."}

described(
    views.ProductList,
    get=operation(
        "Products, a page at a time",
        query=shapes.ProductQuery,
        headers=KNOWN,
        answers={200: Answer(shapes.ProductPageShape, {"results": [SUMMARY], **NEIGHBOURS}), 304: UNCHANGED},
        sign_in="none",
    ),
    post=operation(
        "Put a new product into the shop",
        body=shapes.NewProductShape,
        example=NEW,
        answers={201: Answer(shapes.ProductDetailShape, DETAIL)},
        refusals=(409,),
        description="For staff, and services with the scope `catalog:write`.",
    ),
)
described(
    views.ProductDetail,
    get=operation(
        "One product",
        headers=KNOWN,
        answers={200: Answer(shapes.ProductDetailShape, DETAIL), 304: UNCHANGED},
        sign_in="none",
    ),
    patch=operation(
        "Change a product",
        required_headers=SEEN,
        body=shapes.ProductChangesShape,
        example={"price": PRICE},
        answers={200: Answer(shapes.ProductDetailShape, DETAIL)},
        refusals=(412, 428),
        description="What is named changes, if the product is still as the caller knows it. What was sold meanwhile"
        " counts as a change only where `stock` is named.",
    ),
    delete=operation(
        "Take a product out of the shop",
        headers=SEEN,
        answers={204: Answer()},
        refusals=(412,),
        description="It stays for the orders that name it; `active` brings it back.",
    ),
)
described(
    bulk.ProductBulk,
    post=operation(
        "Create or change up to 1,000 products",
        body=shapes.BulkRequestShape,
        example={"products": [NEW, {**NEW, "product_id": "P302", "price": {**PRICE, "amount": 2499}}]},
        headers={"Idempotency-Key": "A name for this batch: under it the same batch again does nothing."},
        answers={200: Answer(shapes.BulkResponseShape, BULK)},
        refusals=(422,),
        description="Each product has its outcome; one that is wrong keeps back none of the others. What a product does"
        " not name stays as it is. The first of an id counts. The same again changes nothing.",
    ),
)
described(
    views.CategoryTree,
    get=operation(
        "All categories, as a tree",
        headers=KNOWN,
        answers={200: Answer(CategoriesShape, TREE), 304: UNCHANGED},
        sign_in="none",
    ),
)
described(
    internal.PriceList,
    get=operation(
        "What a product has cost",
        query=shapes.PriceQuery,
        answers={200: Answer(shapes.PricePageShape, HISTORY)},
    ),
)
described(
    internal.Reservation,
    put=operation(
        "Hold units for an order: all of them or none",
        body=shapes.ReservationRequestShape,
        example={"lines": UNITS},
        answers={
            200: Answer(shapes.HoldShape, HOLD, "The order had reserved these units already"),
            201: Answer(shapes.HoldShape, HOLD),
        },
        refusals=(409,),
    ),
)
_OUTCOMES = {200: Answer(shapes.OrderOutcomesShape, {"results": [{"order_id": ORDER_ID, "outcome": "confirmed"}]})}
described(
    internal.Confirmation,
    post=operation(
        "Give the held units to their orders for good",
        body=shapes.OrdersShape,
        example={"order_ids": [ORDER_ID]},
        answers=_OUTCOMES,
    ),
)
described(
    internal.Release,
    post=operation(
        "Give the units of orders back", body=shapes.OrdersShape, example={"order_ids": [ORDER_ID]}, answers=_OUTCOMES
    ),
)
described(
    internal.ReservationList,
    get=operation(
        "Reservations, in the order in which they were made",
        query=shapes.ReservationQuery,
        answers={200: Answer(shapes.ReservationPageShape, {"results": [RESERVATION], **NEIGHBOURS})},
    ),
)
