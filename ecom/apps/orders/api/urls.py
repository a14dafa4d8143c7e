"""The public paths of orders."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from ecom.apps.orders.api import views
from ecom.common.public_ids import PUBLIC_ID_PATTERN


class OrderIdConverter(StringConverter):
    """An order's public id; whatever else stands in its place names nothing (404)."""

    regex = f"O{PUBLIC_ID_PATTERN}"


class CartItemConverter(StringConverter):
    """A product's public id; whatever else stands in its place names nothing (404)."""

    regex = "[A-Za-z0-9._:~-]{1,64}"


register_converter(OrderIdConverter, "placed_order")
register_converter(CartItemConverter, "cart_item")

urlpatterns = [
    path("cart", views.Cart.as_view()),
    path("cart/add", views.CartAdd.as_view()),
    path("cart/items/<cart_item:product_id>", views.CartItem.as_view()),
    path("orders", views.Orders.as_view()),
    path("orders/<placed_order:order_id>", views.Order.as_view()),
    path("orders/<placed_order:order_id>/cancel", views.OrderCancel.as_view()),
    path("orders/<placed_order:order_id>/transitions", views.OrderTransitions.as_view()),
]
