"""The generated catalogue is the same everywhere and looks like one."""

import csv
import gzip
from pathlib import Path

from local.catalogue import COLUMNS, write_catalogue


def rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_it_depends_on_the_seed_alone(tmp_path: Path) -> None:
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        write_catalogue(tmp_path / name, products=200, seed=seed)

    assert rows(tmp_path / "first") == rows(tmp_path / "again")
    assert rows(tmp_path / "first") != rows(tmp_path / "other")


def test_its_products_are_believable(tmp_path: Path) -> None:
    write_catalogue(tmp_path / "catalogue", products=1000)
    products = rows(tmp_path / "catalogue")

    assert tuple(products[0]) == COLUMNS
    assert len({product["id"] for product in products}) == 1000
    assert len({product["product_type"] for product in products}) == 10
    assert all(100 <= int(product["price_cents"]) + 1 < 1_000_000 for product in products)
