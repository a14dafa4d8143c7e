"""The API of catalog as its document describes it."""

from typing import Any

from rest_framework import serializers

from ecom.apps.catalog.api import reservations, views
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

described(
    views.ProductList,
    get=operation(
        "Products, a page at a time",
        query=shapes.ProductQuery,
        answers={200: Answer(shapes.ProductPageShape, {"results": [SUMMARY], **NEIGHBOURS})},
        sign_in="none",
    ),
)
described(
    views.ProductDetail,
    get=operation("One product", answers={200: Answer(shapes.ProductDetailShape, DETAIL)}, sign_in="none"),
)
described(
    views.CategoryTree,
    get=operation("All categories, as a tree", answers={200: Answer(CategoriesShape, TREE)}, sign_in="none"),
)
described(
    reservations.Reservation,
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
    reservations.Confirmation,
    post=operation(
        "Give the held units to their orders for good",
        body=shapes.OrdersShape,
        example={"order_ids": [ORDER_ID]},
        answers=_OUTCOMES,
    ),
)
described(
    reservations.Release,
    post=operation(
        "Give the units of orders back", body=shapes.OrdersShape, example={"order_ids": [ORDER_ID]}, answers=_OUTCOMES
    ),
)
described(
    reservations.ReservationList,
    get=operation(
        "Reservations, in the order in which they were made",
        query=shapes.ReservationQuery,
        answers={200: Answer(shapes.ReservationPageShape, {"results": [RESERVATION], **NEIGHBOURS})},
    ),
)
