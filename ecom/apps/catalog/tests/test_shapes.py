"""Answers are made without serializers; these hold them to the serializers that the API is documented by."""

import pytest

from ecom.apps.catalog.api import serializers

pytestmark = [pytest.mark.django_db, pytest.mark.urls("ecom.urls.catalog")]


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/products", serializers.ProductPageShape()),
        ("/products?limit=1&sort=price", serializers.ProductPageShape()),
        ("/products?ids=P1", serializers.ProductPageShape()),
        ("/products/P1", serializers.ProductDetailShape()),
    ],
)
def test_an_answer_has_the_documented_shape(shop, get, path, shape) -> None:
    body = get(path)
    assert shape.to_representation(body) == body


def test_the_tree_of_categories_has_the_documented_shape(shop, get) -> None:
    for root in get("/categories")["results"]:
        assert serializers.CategoryShape().to_representation(root) == root
