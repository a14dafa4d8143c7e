"""The paths of catalog. The gateway's routing table has the public ones alone."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from ecom.apps.catalog.api.bulk import ProductBulk
from ecom.apps.catalog.api.internal import Confirmation, PriceList, Release, Reservation, ReservationList
from ecom.apps.catalog.api.views import CategoryTree, ProductDetail, ProductList
from ecom.apps.catalog.models import ORDER_ID_PATTERN, PRODUCT_ID_PATTERN


class ProductIdConverter(StringConverter):
    """A public product id; whatever else stands in its place names nothing (404)."""

    regex = PRODUCT_ID_PATTERN


class OrderIdConverter(StringConverter):
    """An order's public id."""

    regex = ORDER_ID_PATTERN


register_converter(ProductIdConverter, "product_id")
register_converter(OrderIdConverter, "order_id")

urlpatterns = [
    path("products", ProductList.as_view()),
    path("products/bulk", ProductBulk.as_view()),
    path("products/<product_id:product_id>", ProductDetail.as_view()),
    path("categories", CategoryTree.as_view()),
    path("internal/products/<product_id:product_id>/prices", PriceList.as_view()),
    path("internal/reservations", ReservationList.as_view()),
    path("internal/reservations/confirm", Confirmation.as_view()),
    path("internal/reservations/release", Release.as_view()),
    path("internal/reservations/<order_id:order_id>", Reservation.as_view()),
]
