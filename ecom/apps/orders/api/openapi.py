"""The API of orders as its document describes it."""

from ecom.apps.orders.api import serializers as shapes
from ecom.apps.orders.api import views
from ecom.common.openapi import Answer, described, operation

CART_TOKEN = {"X-Cart-Token": "A guest's cart token; browsers carry it in a cookie."}
PRICE, TOTAL = {"amount": 1999, "currency": "EUR"}, {"amount": 3998, "currency": "EUR"}
ITEM = {
    "product_id": "P301",
    "quantity": 2,
    "title": "Trail running shoes",
    "unit_price": PRICE,
    "line_total": TOTAL,
    "available": True,
    "stock": 12,
    "changes": [{"kind": "price", "before": {"amount": 2499, "currency": "EUR"}, "now": PRICE}],
    "added_at": "2025-11-23T12:38:51Z",
}
CART = Answer(shapes.CartShape, {"items": [ITEM], "item_count": 2, "totals": [TOTAL], "prices_known": True})
UNITS = {"product_id": "P301", "quantity": 2}
ADDRESS = {
    "recipient": "Ada Lovelace",
    "line1": "12 St James's Square",
    "postal_code": "SW1Y 4JH",
    "city": "London",
    "country": "GB",
}
SUMMARY = {
    "order_id": "O5T8W2ZC9K1MXQ7R",
    "status": "PLACED",
    "placed_at": "2025-11-23T12:40:09Z",
    "currency": "EUR",
    "total": TOTAL,
    "lines": [{**UNITS, "title": ITEM["title"], "unit_price": PRICE, "line_total": TOTAL}],
}
PLACED = {"from": None, "to": "PLACED", "at": "2025-11-23T12:40:09Z", "actor": "customer", "reason": ""}
ORDER = Answer(
    shapes.OrderShape,
    {
        **SUMMARY,
        "delivery_address": {**{"company": "", "line2": "", "region": "", "phone": ""}, **ADDRESS},
        "transitions": [PLACED],
    },
)

described(
    views.Cart,
    get=operation("The cart with prices as of now", headers=CART_TOKEN, answers={200: CART}, sign_in="optional"),
    delete=operation("Empty the cart", headers=CART_TOKEN, answers={204: Answer()}, sign_in="optional"),
)
described(
    views.CartAdd,
    post=operation(
        "Add units of a product; a guest without a cart is given one",
        headers=CART_TOKEN,
        body=shapes.CartAddition,
        example=UNITS,
        answers={200: CART},
        refusals=(409, 422),
        sign_in="optional",
    ),
)
described(
    views.CartItem,
    patch=operation(
        "Change how many of a product are in the cart",
        headers=CART_TOKEN,
        body=shapes.QuantityChange,
        example={"quantity": 2},
        answers={200: CART},
        refusals=(409,),
        sign_in="optional",
    ),
    delete=operation("Take a product out of the cart", headers=CART_TOKEN, answers={200: CART}, sign_in="optional"),
)
described(
    views.Orders,
    get=operation(
        "The caller's orders, newest first",
        query=shapes.OrdersQuery,
        answers={200: Answer(shapes.OrderPageShape, {"results": [SUMMARY], "next": None, "previous": None})},
    ),
    post=operation(
        "Order these items, or what is in the cart",
        required_headers={"Idempotency-Key": "New for each order; the same key gives the same answer again."},
        headers=CART_TOKEN,
        body=shapes.OrderRequest,
        example={"items": [UNITS], "delivery_address": ADDRESS},
        answers={201: ORDER},
        refusals=(409, 422),
    ),
)
described(views.Order, get=operation("One order", answers={200: ORDER}))
described(
    views.OrderCancel,
    post=operation(
        "Cancel an order that was not shipped yet",
        body=shapes.CancelRequest,
        example={"reason": "Found it in the cellar."},
        answers={200: ORDER},
        refusals=(409,),
    ),
)
described(
    views.OrderTransitions,
    post=operation(
        "Bring an order into its next state",
        body=shapes.TransitionRequest,
        example={"to": "PAID", "reason": "Payment 4711"},
        answers={200: ORDER},
        refusals=(409,),
    ),
)
