from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from ecom.apps.catalog.services.products import ProductRow, upsert_products


def stock_up(*rows: ProductRow) -> None:
    """Puts products into the shop."""
    upsert_products(rows=rows)


def product(product_id: str, title: str = "Thing", price: int = 1000, **values: Any) -> ProductRow:
    return ProductRow(
        product_id=product_id, title=title, price_amount=price, **{"currency": "EUR", "stock": 5, **values}
    )


@pytest.fixture
def get(client: Client) -> Callable[..., Any]:
    """GET of a public path with its query; the body of an answer that must be 200."""

    def ask(path: str, **query: Any) -> Any:
        response = client.get(path, query)
        assert response.status_code == 200, response.content
        assert response["Content-Type"] == "application/json"
        return response.json()

    return ask


@pytest.fixture
def shop(db: None) -> None:
    """A small shop: two trees of categories, several brands, one product that is sold out, one in dollars."""
    audio, notebooks = ("Electronics", "Audio"), ("Electronics", "Computers", "Notebooks")
    stock_up(
        product("P1", "Philips headphones", 4900, brand="Philips", category=audio, description="Over the ears"),
        product("P2", "Bose noise cancelling headphone", 29900, brand="Bose", category=audio, stock=0),
        product("P3", "HP Pavilion dv7-1211ea", 79900, brand="HP", category=notebooks),
        product("P4", "Acer Aspire", 49900, brand="Acer", category=notebooks),
        product("P5", "Cafetière für zwei Tassen", 1999, brand="Bodum", category=("Kitchen",)),
        product("P6", "American kettle", 2500, brand="hp", category=("Kitchen",), currency="USD"),
    )


def ids(body: Any) -> list[str]:
    """The product ids of a list's answer."""
    return [result["product_id"] for result in body["results"]]
