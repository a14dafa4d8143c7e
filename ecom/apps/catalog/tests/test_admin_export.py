"""Products leave the backoffice as a file that a spreadsheet opens and the loader reads."""

import csv
import io

import openpyxl
import pytest
from django.contrib.auth import get_user_model
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ecom.apps.catalog.admin import products as products_admin
from ecom.apps.catalog.tests.conftest import product, stock_up
from ecom.backoffice.tests.staff import verified

pytestmark = pytest.mark.django_db
EXPORT = "/admin/catalog/product/export/"
CSV, XLSX = {"format": "0"}, {"format": "1"}


@pytest.fixture
def staff(client: Client) -> Client:
    return verified(client, get_user_model().objects.create_superuser("staff@example.com", password="not-used"))


def test_what_the_list_shows_is_what_is_exported(shop, staff: Client) -> None:
    assert EXPORT in staff.get("/admin/catalog/product/?currency=EUR").content.decode()
    file = staff.post(f"{EXPORT}?q=headphone&currency=EUR", CSV)
    assert file["Content-Type"] == "text/csv"
    rows = {row["product_id"]: row for row in csv.DictReader(io.StringIO(file.content.decode()))}
    assert rows.keys() == {"P1", "P2"}
    assert (rows["P1"]["category"], rows["P1"]["price_amount"], rows["P1"]["stock"]) == (
        "electronics/audio",
        "4900",
        "5",
    )


def test_a_spreadsheet_has_the_same_rows_and_runs_no_formula(staff: Client) -> None:
    stock_up(product("P1", "=HYPERLINK(1)"), product("P2", "Cafetière für zwei"))
    book = openpyxl.load_workbook(io.BytesIO(staff.post(EXPORT, XLSX).content))
    head, *rows = book.active.values
    titles = {row[head.index("product_id")]: row[head.index("title")] for row in rows}
    assert titles["P2"] == "Cafetière für zwei"
    assert not str(titles["P1"]).startswith("=")


def test_an_export_costs_the_same_statements_whatever_its_size(staff: Client) -> None:
    counts = []
    for number in (1, 60):
        stock_up(*(product(f"P{n}", category=("A", f"B{n}")) for n in range(number)))
        with CaptureQueriesContext(connections["catalog"]) as statements:
            assert staff.post(EXPORT, CSV).status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_more_than_a_file_holds_is_refused(shop, staff: Client, monkeypatch) -> None:
    monkeypatch.setattr(products_admin, "MOST_ROWS", 5)
    answer = staff.post(EXPORT, CSV)
    assert "more than 5 products" in answer.content.decode()
