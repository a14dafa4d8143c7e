import csv
import gzip
import io
import os
import random
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.test.utils import CaptureQueriesContext

from ecom.apps.catalog.models import Category, Product
from ecom.apps.catalog.tests.messy_catalogue import MESSY, REAL, write_icecat

pytestmark = pytest.mark.django_db


def load(file: Path | str, **options: Any) -> str:
    out = StringIO()
    call_command("load_catalogue", str(file), stdout=out, **options)
    return out.getvalue()


@pytest.fixture
def messy(tmp_path: Path) -> Path:
    path = tmp_path / "messy.csv"
    path.write_bytes(MESSY)
    return path


def test_a_messy_file_is_taken_as_far_as_it_goes(messy: Path) -> None:
    report = load(messy, show=0)
    assert "16 rows: 3 created, 0 updated, 0 unchanged, 13 skipped" in report
    lamp = Product.objects.get(product_id="P1")
    assert (lamp.title, lamp.description) == ("Lamp, with shade", "Two lines & more")
    assert (lamp.price_amount, lamp.currency, lamp.stock) == (1999, "EUR", 5)
    assert lamp.category == Category.objects.get(path="home/lights", name="Lights")
    assert Product.objects.get(product_id="P14").title == "NUL and spaces here"


def test_each_problem_is_told_with_line_column_value_and_reason(messy: Path, tmp_path: Path) -> None:
    load(messy, errors=tmp_path / "errors.csv")
    with (tmp_path / "errors.csv").open(newline="") as file:
        problems = list(csv.DictReader(file))
    told = [(p["line"], p["product_id"], p["column"], p["reason"], p["skipped"]) for p in problems]
    assert told == [
        ("4", "P2", "title", "is empty", "True"),
        ("5", "P3", "title", "is empty", "True"),
        ("6", "P4", "price_amount", "is not a whole number of at least 0", "True"),
        ("7", "P5", "price_amount", "is empty", "True"),
        ("8", "P6", "price_amount", "is not a whole number of at least 0", "True"),
        ("9", "P7", "price_amount", "is not a whole number of at least 0", "True"),
        ("10", "P8", "currency", "is not three capital letters", "True"),
        ("11", "P9", "stock", "is not a whole number of at least 0", "True"),
        ("12", "P/10", "product_id", "is not made of 1 to 64 letters, digits and . _ : ~ -", "True"),
        ("13", "", "product_id", "is empty", "True"),
        ("14", "", "", "has 4 cells where the header has 9", "True"),
        ("16", "P1", "product_id", "was on an earlier line", "True"),
        ("17", "P12", "title", "is not UTF-8", "True"),
        ("18", "P13", "brand", "is not UTF-8", "False"),
        ("18", "P13", "category", "has no letters", "False"),
        ("18", "P13", "image_url", "is not an http or https URL", "False"),
    ]
    assert problems[2]["value"] == "19.99"
    assert problems[12]["value"] == "Not UTF-8 \\udcff"


def test_the_first_problems_are_printed_and_all_are_counted(messy: Path) -> None:
    report = load(messy, show=1)
    assert "  2 skipped: title is empty" in report
    assert "  1 taken without it: category has no letters" in report
    assert report.count("  line ") == 1


def test_loading_again_changes_nothing(messy: Path) -> None:
    load(messy)
    before = list(Product.objects.order_by("id").values())
    assert "0 created, 0 updated, 3 unchanged, 13 skipped" in load(messy)
    assert list(Product.objects.order_by("id").values()) == before


def test_only_what_changed_is_updated(messy: Path) -> None:
    load(messy)
    messy.write_bytes(MESSY.replace(b"Home > Lights,1999", b"Home > Lamps,2999"))
    assert "0 created, 1 updated, 2 unchanged" in load(messy)
    lamp = Product.objects.get(product_id="P1")
    assert (lamp.price_amount, str(lamp.category)) == (2999, "home/lamps")
    assert lamp.updated_at > lamp.created_at


def test_columns_that_the_file_does_not_have_are_left_as_they_are(tmp_path: Path, messy: Path) -> None:
    load(messy)
    Product.objects.filter(product_id="P1").update(active=False)
    prices = tmp_path / "prices.csv"
    prices.write_text("product_id,title,price_amount\nP1,New title,1\n")
    assert "1 updated" in load(prices, default_stock=77)
    lamp = Product.objects.get(product_id="P1")
    assert (lamp.title, lamp.price_amount) == ("New title", 1)
    assert (lamp.stock, lamp.brand, str(lamp.category), lamp.active) == (5, "Lux", "home/lights", False)


def test_an_icecat_export_is_known_by_its_header(tmp_path: Path) -> None:
    report = load(write_icecat(tmp_path / "icecat.csv.gz", 2500), default_stock=7, currency="USD", id_prefix="P")
    assert "2,500 rows: 2,500 created, 0 updated, 0 unchanged, 0 skipped" in report
    assert "taken without it: category has no letters" in report
    product = Product.objects.get(product_id="P1000")
    assert (product.stock, product.currency) == (7, "USD")
    assert not Product.objects.filter(description__contains="<").exists()
    assert not Product.objects.filter(description__contains="&deg;").exists()
    assert set(Category.objects.values_list("path", flat=True)) == {"notebook", "hybrid-2-in-1"}


@pytest.mark.skipif(not REAL.exists(), reason="the real catalogue is not beside the repository")
def test_the_real_catalogue_is_taken_whole() -> None:
    report = load(REAL, default_stock=10)
    assert "19,406 rows: 19,406 created, 0 updated, 0 unchanged, 0 skipped" in report
    assert "143 taken without it: category has no letters" in report
    assert Product.objects.count() == 19406


def test_columns_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("sku;name;cents\nX-1;Lamp;500\n")
    load(path, column=[("product_id", "sku"), ("title", "name"), ("price_amount", "cents")], delimiter=";")
    assert Product.objects.get(product_id="X-1").price_amount == 500


@pytest.mark.parametrize("compress", [gzip.compress, bytes])
def test_a_file_can_come_by_a_pipe(monkeypatch: pytest.MonkeyPatch, compress) -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(compress(MESSY))
    with os.fdopen(reading, "rb") as pipe, io.TextIOWrapper(pipe) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert "3 created" in load("-")


def test_a_file_can_be_given_as_standard_input(messy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with messy.open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert "3 created" in load("-")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no column"),
        (b"sku,name\n1,2\n", "has no column price_amount, product_id, title; it has sku, name"),
        (b"product_id,title,price_amount\n,,\n", "No row was taken"),
        (gzip.compress(MESSY, mtime=0)[:-20], "breaks off"),
    ],
)
def test_a_file_that_is_no_catalogue_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=message):
        load(path)


def test_what_was_stored_before_a_file_breaks_off_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "cut.csv.gz"
    rows = "".join(f"P{number},{random.random()},5\n" for number in range(20000))
    path.write_bytes(gzip.compress(f"product_id,title,price_amount\n{rows}".encode())[:-1000])
    out = StringIO()
    with pytest.raises(CommandError, match="breaks off after line"):
        call_command("load_catalogue", str(path), stdout=out)
    assert f"{Product.objects.count():,} created" in out.getvalue()
    assert Product.objects.count() >= 10000


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(CommandError, match=r"nowhere\.csv: No such file"):
        load("/nowhere.csv")


def test_a_quote_that_is_never_closed_costs_its_own_cells(tmp_path: Path) -> None:
    path = tmp_path / "quote.csv"
    rows = [f"P{number},Lamp {number},5" for number in range(20000)]
    rows[3] = 'P3,"Lamp 3,5'
    path.write_text("product_id,title,price_amount\n" + "\n".join(rows) + "\n")
    report = load(path)
    assert "field larger than field limit" in report
    assert Product.objects.filter(product_id="P19000").exists()


def test_statements_grow_with_batches_and_not_with_rows(tmp_path: Path) -> None:
    file = write_icecat(tmp_path / "icecat.csv.gz", 1000)
    with CaptureQueriesContext(connections["catalog"]) as first:
        load(file)
    # Savepoint, categories looked for, their table locked, made, products inserted, release; the indexes are settled.
    assert len(first) == 8
    with CaptureQueriesContext(connections["catalog"]) as again:
        load(file, batch_size=500)
    assert len(again) == 2 * 5


def test_a_category_of_our_own_export_is_found_again(tmp_path: Path) -> None:
    home = Category.objects.create(path="home", name="Home", slug="home")
    Category.objects.create(path="home/lights", name="Lights", slug="lights", parent=home)
    file = tmp_path / "export.csv"
    file.write_text("product_id,title,category,price_amount,currency\nP1,Lamp,home/lights,1999,EUR\n")
    load(file)
    assert Product.objects.get(product_id="P1").category == Category.objects.get(path="home/lights", name="Lights")
    assert Category.objects.count() == 2
