"""The public paths of catalog."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from ecom.apps.catalog.api.views import CategoryTree, ProductDetail, ProductList
from ecom.apps.catalog.models import PRODUCT_ID_PATTERN


class ProductIdConverter(StringConverter):
    """A public product id; whatever else stands in its place names nothing (404)."""

    regex = PRODUCT_ID_PATTERN


register_converter(ProductIdConverter, "product_id")

urlpatterns = [
    path("products", ProductList.as_view()),
    path("products/<product_id:product_id>", ProductDetail.as_view()),
    path("categories", CategoryTree.as_view()),
]
