"""What a price cell says, by the stated rules."""

import pytest

from serverless.product_bulk_import_lambda.prices import decimal_mark_of, price


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("19.99", 1999),
        ("19,99", 1999),
        ("19", 1900),
        ("1,234.50", 123450),
        ("1.234,50", 123450),
        ("1 234,50", 123450),
        ("1\u00a0234,50", 123450),
        ("1'234.50", 123450),
        ("1.234.567", 123456700),
        ("1,234,567.8", 123456780),
        ("€ 19,99", 1999),
        ("19.99 eur", 1999),
        ("0.5", 50),
        ("5,", 500),
        ("0.990", 99),
    ],
)
def test_a_price_is_read_as_people_write_it(cell: str, amount: int) -> None:
    assert price(cell, currency="EUR") == amount


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("", "is empty"),
        ("on request", "is not a price"),
        ("-5", "is negative"),
        ("1.234", "could be thousands or a fraction"),
        ("19.999", "could be"),
        ("0.999", "has more decimals than EUR has"),
        ("1,23,456", "is not a price"),
        ("1.2.3", "is not a price"),
        ("19.99 USD", "is in USD where the row is in EUR"),
        ("9" * 30, "is too large"),
        (".", "is not a price"),
        ("١٢", "is not a price"),
    ],
)
def test_what_is_no_price_is_said_to_be_none(cell: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        price(cell, currency="EUR")


def test_the_files_decimal_mark_tells_thousands_from_fractions() -> None:
    assert price("1.234", currency="EUR", mark=",") == 123400
    assert price("1,234", currency="EUR", mark=".") == 123400
    with pytest.raises(ValueError, match="more decimals"):
        price("1.234", currency="EUR", mark=".")
    assert price("1.234", currency="KWD", mark=".") == 1234


def test_the_currency_says_how_many_decimals_there_are() -> None:
    assert price("1500", currency="JPY") == 1500
    assert price("1.5", currency="KWD") == 1500
    with pytest.raises(ValueError, match="more decimals than JPY"):
        price("15.5", currency="JPY")


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        (["1.234", "19.99"], "."),
        (["1.234", "1.234.567"], ","),
        (["1.234", "2.500"], ""),
        (["19.99", "19,99"], ""),
        (["1.234,5", "x"], ","),
        ([], ""),
    ],
)
def test_the_decimal_mark_of_a_file_is_shown_by_its_plain_prices(cells: list[str], mark: str) -> None:
    assert decimal_mark_of(cells) == mark
