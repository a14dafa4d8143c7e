"""Files as merchants have them: any encoding, delimiter, order and names of columns, with or without a mapping file."""

import gzip
import json

import pytest

from serverless.product_bulk_import_lambda.encodings import SAMPLE_BYTES
from serverless.product_bulk_import_lambda.mapping import Mapping
from serverless.product_bulk_import_lambda.opened_file import opened
from serverless.product_bulk_import_lambda.source import unzipped
from serverless.product_bulk_import_lambda.tests.conftest import UPLOADS, Account
from serverless.product_bulk_import_lambda.tests.shop_server import ShopServer

ROWS = [("sku", "Name", "Price"), ("P1", "Käse, jung", "1.234,50 €"), ("P2", 'Rohr 17"', "7,00")]


def table(delimiter: str, rows: list[tuple[str, ...]] = ROWS) -> str:
    return "".join(delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) + "\r\n" for row in rows)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encoding_and_delimiter_are_found(
    account: Account, shop_server: ShopServer, encoding: str, delimiter: str
) -> None:
    text = table(delimiter) if encoding != "latin-1" else table(delimiter).replace("€", "EUR")
    report = account.imported(text.encode(encoding))

    assert (report["status"], report["created"], report["delimiter"]) == ("finished", 2, delimiter)
    assert shop_server.products["P1"]["title"] == "Käse, jung"
    assert shop_server.products["P1"]["price"] == {"amount": 123450, "currency": "EUR"}
    assert shop_server.products["P2"] == {
        "product_id": "P2",
        "title": 'Rohr 17"',
        "price": {"amount": 700, "currency": "EUR"},
    }


def test_a_gzip_of_several_members_is_read_whole(account: Account) -> None:
    head, *rows = table(";").splitlines(keepends=True)
    report = account.imported(b"".join(gzip.compress(part.encode()) for part in (head, *rows)), "products.csv.gz")
    assert (report["status"], report["created"]) == ("finished", 2)


def test_a_gzip_is_the_same_wherever_its_pieces_end() -> None:
    whole = gzip.compress(b"id,title,price\n") + gzip.compress(b"P1,A,1\n") + b"\0\0"
    for end in range(2, len(whole)):
        assert b"".join(unzipped(iter([whole[:end], whole[end:]]))) == b"id,title,price\nP1,A,1\n", end


def test_more_commas_in_titles_than_columns_mislead_nobody(account: Account) -> None:
    rows = [("id", "title", "price"), *((f"P{n}", "a, b, c, d, e, f", "1,50") for n in range(30))]
    text = "".join(";".join(row) + "\n" for row in rows)
    report = account.imported(text)
    assert (report["delimiter"], report["created"]) == (";", 30)


@pytest.mark.parametrize(("first", "mark"), [("7,50", ","), ("1.234", "")])
def test_a_price_that_the_samples_end_cuts_shows_no_decimal_mark(first: str, mark: str) -> None:
    head, cut = f"id;title;price\nP0;x;{first}\n".encode(), b"P1;x;1.2"
    sample = head + b"\n" * (SAMPLE_BYTES - len(head) - len(cut)) + cut
    file = opened(iter([sample, b"34\n"]), Mapping(), currency="EUR")
    assert file.layout.decimal == mark


def test_order_and_names_of_columns_are_free_and_others_are_left_out(account: Account, shop_server: ShopServer) -> None:
    text = (
        "Image Link,weight,Qty,Product Type,PRICE_CENTS,Hersteller,Product-Name,SKU,Currency,active,Short Description\n"
        "https://example.com/1.jpg,2 kg,7,Audio > Headphones,4990,Aventra,Over-ear,P1,CHF,yes,Closed\n"
    )
    report = account.imported(text)
    assert shop_server.products["P1"] == {
        "product_id": "P1",
        "title": "Over-ear",
        "description": "Closed",
        "brand": "Aventra",
        "category_path": ["Audio", "Headphones"],
        "price": {"amount": 4990, "currency": "CHF"},
        "stock": 7,
        "image_url": "https://example.com/1.jpg",
        "active": True,
    }
    assert report["columns"]["title"] == "Product-Name"
    assert "weight" in report["header"]
    assert "weight" not in report["columns"].values()


def test_a_file_of_the_backoffices_export_comes_back_as_it_went(account: Account, shop_server: ShopServer) -> None:
    text = (
        "product_id,title,description,brand,category,price_amount,currency,stock,image_url,active,updated_at\n"
        "P1,Over-ear,,Aventra,audio/headphones,4990,EUR,7,,1,2026-01-01 00:00:00\n"
    )
    assert account.imported(text)["created"] == 1
    assert shop_server.products["P1"]["category_path"] == "audio/headphones"


def test_a_mapping_file_tells_what_a_foreign_layout_is(account: Account, shop_server: ShopServer) -> None:
    mapping = {
        "columns": {"product_id": "Nr", "title": "Text", "price": "VK"},
        "currency": "CHF",
        "decimal": ",",
        "delimiter": "|",
        "encoding": "cp1252",
    }
    account.s3.put_object(Bucket=UPLOADS, Key="in/list.mapping.json", Body=json.dumps(mapping).encode())
    report = account.imported("VK|Text|Nr|title\n1.234|Größe|7|other\n".encode("cp1252"), "in/list.2026.csv")
    assert report["created"] == 1
    assert shop_server.products["7"] == {
        "product_id": "7",
        "title": "Größe",
        "price": {"amount": 123400, "currency": "CHF"},
    }


@pytest.mark.parametrize(
    ("mapping", "reason"),
    [
        (b"{", "it is no JSON"),
        (b"[]", "it is no JSON object"),
        (b'{"colums": {}}', "there is no 'colums'"),
        (b'{"columns": {"sku": "Nr"}}', "there is no column 'sku'"),
        (b'{"columns": {"title": 7}}', "no object of our names"),
        (b'{"columns": {"title": "Text"}}', "names the column 'Text', which is not in the header: id, title, price"),
        (b'{"currency": "euro"}', "'currency' cannot be 'euro'"),
        (b'{"decimal": "x"}', "'decimal'"),
        (b'{"encoding": "klingon"}', "'encoding'"),
        (b'{"encoding": "hex"}', "'encoding'"),
    ],
)
def test_a_mapping_file_that_is_wrong_is_explained(account: Account, mapping: bytes, reason: str) -> None:
    account.s3.put_object(Bucket=UPLOADS, Key="products.mapping.json", Body=mapping)
    report = account.imported("id,title,price\nP1,A,1\n")
    assert report["status"] == "failed"
    assert reason in report["reason"]


def test_a_mapping_file_itself_is_no_catalogue(account: Account, shop_server: ShopServer) -> None:
    version = account.upload(b"{}", "products.mapping.json")
    account.call(version, "products.mapping.json")
    with pytest.raises(account.s3.exceptions.NoSuchKey):
        account.report(version, "products.mapping.json")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "The file is empty"),
        (b"\n\n  \n", "The file is empty"),
        (b"PK\x03\x04" + bytes(100), "a ZIP archive, such as an Excel workbook"),
        (b"%PDF-1.7", "a PDF document"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "an image"),
        (bytes(5000), "This is no text"),
        (bytes(range(256)) * 40, "o"),
        (b'{"products": []}', "No column for product_id was found"),
        (b"name,price\nA,1\n", "No column for product_id was found. The header is: name, price."),
        (b"id,title\n1,A\n", "No column for price or price_amount"),
        (b'"id,title,price\n1,A,1\n', "The header"),
        (gzip.compress(gzip.compress(b"id,title,price\n", mtime=0), mtime=0), "a gzip inside of a gzip"),
    ],
)
def test_what_is_no_catalogue_gets_a_report_too(account: Account, content: bytes, reason: str) -> None:
    report = account.imported(content)
    assert report["status"] == "failed"
    assert reason in report["reason"]
    assert report["rows_read"] == 0
