"""A catalog manager drops a file in the backoffice, in a real Chromium, and the function in its runtime takes it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from playwright.sync_api import Page, expect, sync_playwright

from ecom.apps.customers.models import Account
from ecom.backoffice.tests.staff import verified
from local import provision
from local.servers import Moto, free_port
from local.service_environment import import_variables
from local.tests.running_function import running_function
from serverless.product_bulk_import_lambda.tests.shop_server import ShopServer
from tests.service_process import databases, running_service
from tests.test_backoffice_pages import ARGUMENTS

pytestmark = pytest.mark.django_db(transaction=True)
FILE = "Artikel;Bezeichnung;Preis\nP1;Wanderschuh;49,90\nP2;=Trick;\nP3;Rucksack;1.049,00\n"


@contextmanager
def signed_in(address: str) -> Iterator[Page]:
    """A page of a catalog manager whose password and second factor are behind him."""
    manager = Account.objects.create_user("manager@example.com", is_staff=True)
    manager.groups.add(Group.objects.get(name="catalog manager"))
    session = verified(Client(), manager).cookies["sessionid"].value
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is not on the PATH: run `make setup-test`"
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS) as browser,
        browser.new_context(viewport={"width": 1280, "height": 900}) as context,
    ):
        context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
        yield context.new_page()


def test_a_file_is_dropped_watched_and_mended(tmp_path: Path) -> None:
    (tmp_path / "liste.csv").write_bytes(FILE.encode("latin-1"))
    (tmp_path / "any.json").write_text('{"columns": {"product_id": "Artikel"}}')
    with Moto(tmp_path / "moto", free_port()) as moto, ShopServer() as shop:
        provision.create_imports(moto.endpoint, client_secret="open sesame")
        buckets = {
            "ECOM_S3_ENDPOINT": moto.endpoint,
            "ECOM_UPLOADS_BUCKET": provision.UPLOADS_BUCKET,
            "ECOM_REPORTS_BUCKET": provision.REPORTS_BUCKET,
            **provision.LOCAL_CREDENTIALS,
        }
        with (
            running_service("backoffice", tmp_path, **databases("customers", "catalog"), **buckets) as address,
            signed_in(address.public) as page,
        ):
            complaints: list[str] = []
            page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.goto(f"{address.public}/admin/catalog/product/")
            page.get_by_role("link", name="Import a file").click()
            page.locator("[name=file]").set_input_files(tmp_path / "liste.csv")
            page.locator("[name=mapping]").set_input_files(tmp_path / "any.json")
            page.get_by_role("button", name="Upload and import").click()
            expect(page.locator("#state")).to_contain_text("its import begins in a moment")
            with running_function(import_variables(moto.endpoint, gateway=shop.url), tmp_path / "function.log"):
                expect(page.locator("#state")).to_have_text("The import is finished.", timeout=30_000)
            expect(page.locator("#created")).to_have_text("2")
            expect(page.locator("#rejected")).to_have_text("1")
            page.screenshot(path=tmp_path / "report.png")
            with page.expect_download() as downloading:
                page.get_by_role("link", name="Download the rows that were not taken").click()
            errors = Path(downloading.value.path()).read_text("utf-8-sig")
            assert downloading.value.suggested_filename == "liste.errors.csv"
            assert "Preis is empty" in errors
            assert "'=Trick" in errors
            page.get_by_role("link", name="All files").click()
            expect(page.get_by_role("row", name="liste.csv")).to_contain_text("finished")
            page.screenshot(path=tmp_path / "list.png")
            assert complaints == []
        assert shop.products["P3"]["price"] == {"amount": 104900, "currency": "EUR"}
