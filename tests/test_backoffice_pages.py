"""The backoffice as it runs, in a real Chromium: the first administrator signs in, enrols and looks at products."""

import base64
import shutil
import time
from pathlib import Path

import pytest
from django_otp.oath import TOTP
from playwright.sync_api import expect, sync_playwright

from ecom.apps.catalog.models import Product
from tests.service_process import databases, environment_of, manage, running_service

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
EMAIL, PASSWORD = "root@example.com", "a long enough passphrase"


def code_for(secret: str) -> str:
    """What an authenticator app shows that was given this secret by hand."""
    totp = TOTP(base64.b32decode(secret.replace(" ", "")))
    totp.time = time.time()
    return f"{totp.token():06}"


@pytest.mark.django_db(transaction=True)
def test_from_createsuperuser_to_the_list_of_products(tmp_path: Path) -> None:
    Product.objects.create(product_id="P1", title="Trail running shoes", price_amount=4990, currency="EUR", stock=3)
    present = databases("customers", "catalog")  # that of orders is away
    variables = {**present, "DJANGO_SUPERUSER_EMAIL": EMAIL, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    made = manage(
        "createsuperuser",
        "--database",
        "customers",
        "--no-input",
        environment=environment_of("backoffice", **variables),
    )
    assert made.returncode == 0, made.stderr
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is not on the PATH: run `make setup-test`"
    with (
        running_service("backoffice", tmp_path, **present) as address,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS) as browser,
        browser.new_page(viewport={"width": 1280, "height": 900}) as page,
    ):
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url}"))

        page.goto(address.public)
        page.get_by_label("Email").fill(EMAIL)
        page.locator("[name=password]").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("img", name="QR code").locator("svg")).to_be_visible()
        page.locator("[name=code]").fill(code_for(page.locator("#secret").inner_text()))
        page.get_by_role("button", name="Enrol").click()
        expect(page.locator("#backup-codes code")).to_have_count(10)
        page.get_by_role("link", name="I have kept them").click()

        expect(page.get_by_role("heading", name="What you did last")).to_be_visible()
        expect(page.get_by_role("link", name="Sold out in the shop")).to_contain_text("0")
        expect(page.get_by_role("link", name="Open orders")).to_contain_text("unknown")
        page.get_by_role("navigation").get_by_role("link", name="Products").click()
        expect(page.get_by_role("row", name="P1 Trail running shoes")).to_contain_text("49.90 EUR")
        page.screenshot(path=tmp_path / "products.png")
        assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith("Inter")
        assert complaints == []
