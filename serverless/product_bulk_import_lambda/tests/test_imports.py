"""What becomes of the rows of a file: in the shop, or in the error file with a reason."""

import csv
import io
import json
import time

import pytest

from serverless.product_bulk_import_lambda.tests.conftest import REPORTS, UPLOADS, Account
from serverless.product_bulk_import_lambda.tests.shop_server import ShopServer


def rows(count: int, *, first: int = 0) -> str:
    return "".join(f"P{number},Product {number},{number + 1}.50\n" for number in range(first, first + count))


HEADER = "id,title,price\n"


def test_a_file_again_is_all_unchanged_and_changes_are_told(account: Account) -> None:
    first = account.imported(HEADER + rows(2500))
    again = account.imported(HEADER + rows(2500) + " \n")
    changed = account.imported(HEADER + rows(2499) + "P2499,Renamed,1\nP2500,New,1\n")

    outcomes = ("rows_read", "created", "updated", "unchanged", "rejected")
    assert [first[name] for name in outcomes] == [2500, 2500, 0, 0, 0]
    assert [again[name] for name in outcomes] == [2500, 0, 0, 2500, 0]
    assert [changed[name] for name in outcomes] == [2501, 1, 1, 2499, 0]
    assert first["status"] == "finished"
    assert first["rows_per_second"] > 0
    assert first["bytes_read"] == first["size"]
    assert first["errors_key"] == ""


def test_batches_go_several_at_a_time_within_the_bound(account: Account, shop_server: ShopServer) -> None:
    shop_server.behaviour = lambda products: time.sleep(0.2)
    account.imported(HEADER + rows(12_000))
    assert max(map(len, shop_server.batches)) == 1000
    assert 2 <= shop_server.busiest <= 4
    assert shop_server.tokens_given == 1


def test_bad_rows_are_told_and_the_good_ones_are_in_the_shop(account: Account, shop_server: ShopServer) -> None:
    text = (
        "id,title,price,stock,weight\n"
        "P1,Good,1.00,1,5 kg\n"
        ",No id,1.00,1,5 kg\n"
        "P3,No price,,x,5 kg\n"
        f"P4,{'long ' * 100},1.00,1,5 kg\n"
        "P5,Too,many,cells,here,1\n"
        "P1,Again,2.00,1,5 kg\n"
        "P7,Good too,1.00,1,5 kg\n"
    )
    report = account.imported(text)

    assert shop_server.products.keys() == {"P1", "P7"}
    assert shop_server.products["P1"]["title"] == "Good"
    assert (report["rows_read"], report["created"], report["rejected"]) == (7, 2, 5)
    told = [(row["error_line"], row["error_column"], row["error_reason"]) for row in account.errors(report)]
    assert told == [
        ("3", "id", "id is empty"),
        ("4", "price; stock", "price is empty; stock is not a whole number of at least 0"),
        ("5", "title", "title is longer than 300 characters"),
        ("6", "", "has 6 cells where the header has 5"),
        ("7", "id", "id is on line 2 already; the first row of a product counts"),
    ]
    assert account.errors(report)[0]["weight"] == "5 kg"
    assert account.errors(report)[2]["error_value"] == ("long " * 100)[:80]
    assert account.errors(report)[3]["error_row"] == "P5,Too,many,cells,here,1"


def test_a_row_with_foreign_bytes_is_told_in_utf_16_too(account: Account, shop_server: ShopServer) -> None:
    report = account.imported((HEADER + "P1,Lamp\ud800e,1\nP2,Table,2\n").encode("utf-16", "surrogatepass"))
    assert shop_server.products.keys() == {"P2"}
    [error] = account.errors(report)
    assert (error["error_line"], error["error_column"]) == ("2", "title")
    assert "has bytes that are not in the file's encoding" in error["error_reason"]


def test_the_mended_error_file_completes_the_import(account: Account, shop_server: ShopServer) -> None:
    account.s3.put_object(
        Bucket=UPLOADS, Key="list.mapping.json", Body=b'{"columns": {"price": "VK"}, "currency": "CHF"}'
    )
    report = account.imported("id;Name;VK\nP1;Eins;1,50\nP2;Zwei;2,5x\nP3;-=Drei;\n", "list.csv")
    text = account.error_file(report).decode("utf-8-sig")
    table = list(csv.reader(io.StringIO(text), delimiter=";"))
    table[1][-1], table[2][-1] = "2,50", "3,50"
    mended = io.StringIO()
    csv.writer(mended, delimiter=";").writerows(table)

    report = account.imported(mended.getvalue().encode("utf-8-sig"), "list.errors.csv")

    assert (report["created"], report["rejected"]) == (2, 0)
    assert shop_server.products["P2"]["price"] == {"amount": 250, "currency": "CHF"}
    assert shop_server.products["P3"]["title"] == "-=Drei"


@pytest.mark.parametrize("cell", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\tx", "'=1", "'plain"])
def test_no_cell_of_an_error_file_is_a_formula_and_each_comes_back_as_it_was(
    account: Account, shop_server: ShopServer, cell: str
) -> None:
    report = account.imported(f"id,title,price\nP1,{cell},\n{cell},x,1\n")
    table = list(csv.reader(io.StringIO(account.error_file(report).decode("utf-8-sig"), newline="")))
    assert not [value for row in table for value in row if value.startswith(("=", "+", "-", "@", "\t", "\r"))]
    table[1][-1] = "1.00"
    mended = io.StringIO(newline="")
    csv.writer(mended).writerows(table[:2])
    account.imported(mended.getvalue())
    assert shop_server.products["P1"]["title"] == cell


def test_a_product_of_text_in_every_script_arrives_whole(account: Account, shop_server: ShopServer) -> None:
    account.imported(HEADER + 'P1,"Καφές\n咖啡 ☕ \u202e",1.00\n')
    assert shop_server.products["P1"]["title"] == "Καφές\n咖啡 ☕ \u202e"


def test_the_original_is_never_touched_and_each_version_has_its_own_report(account: Account) -> None:
    first = account.upload(HEADER + rows(1))
    second = account.upload(HEADER + rows(2))
    account.call(first)
    account.call(second)
    assert (account.report(first)["rows_read"], account.report(second)["rows_read"]) == (1, 2)
    stored = account.s3.list_object_versions(Bucket=UPLOADS)
    assert {version["VersionId"] for version in stored["Versions"]} == {first, second}
    assert "DeleteMarkers" not in stored


def test_an_object_that_is_gone_is_no_error(account: Account) -> None:
    version = account.upload(HEADER + rows(1))
    account.s3.delete_object(Bucket=UPLOADS, Key="products.csv", VersionId=version)
    account.call(version)
    assert "Contents" not in account.s3.list_objects_v2(Bucket=REPORTS)


def test_keys_of_any_characters_are_found(account: Account) -> None:
    key = "März 2026/liste+neu 100%.csv"
    version = account.upload(HEADER + rows(1), key)
    account.call(version, "M%C3%A4rz+2026/liste%2Bneu+100%25.csv")
    assert account.report(version, key)["created"] == 1


def test_a_run_logs_one_line_and_prints_metrics(
    account: Account, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    account.imported(HEADER + rows(3) + "bad\n")
    [log] = [record for record in caplog.records if record.getMessage() == "import finished"]
    assert (log.key, log.figures["rows_read"], log.figures["rejected"]) == ("products.csv", 4, 1)
    [metrics] = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert metrics["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "ecom/imports"
    assert [metrics[name] for name in ("RowsRead", "Created", "Rejected", "Failed")] == [[4], [3], [1], [0]]
