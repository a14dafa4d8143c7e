"""The pages in a real Chromium, over a real gateway and DynamoDB Local."""

import math
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from ecom.apps.gateway.tests.analytics_data import AnalyticsTables, Present, text
from ecom.apps.gateway.tests.conftest import FEW_STREAMS
from ecom.apps.gateway.tests.event_stream import EventStream
from ecom.apps.gateway.tests.gateway_process import Gateway
from ecom.apps.gateway.tests.raw_http import get
from ecom.apps.gateway.tests.titles import answer_titles
from ecom.apps.gateway.tests.upstream_server import UpstreamServer
from ecom.apps.gateway.tests.waiting import wait_until
from ecom.common.visitor import COOKIE_NAME, visitor_id

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
LIVE_MS = 15_000
POLL_MS, AGAIN_MS = 3_000, 60_000  # of the page, at most
REQUESTS = "ecom_http_request_duration_seconds_count"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is not on the PATH: run `make setup-test`"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        expect.set_options(timeout=LIVE_MS)
        yield page


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """Whatever the browser has to say against the page."""
    heard: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            heard.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("requestfailed", lambda request: _heard_failure(heard, request))
    return heard


def _heard_failure(heard: list[str], request: Request) -> None:
    if not ("/analytics/stream" in request.url and request.failure == "net::ERR_ABORTED"):  # the page has closed it
        heard.append(f"failed: {request.url}")


@pytest.fixture
def asked(page: Page) -> list[str]:
    """The paths that the page asks for."""
    paths: list[str] = []
    page.on("request", lambda request: paths.append(urlsplit(request.url).path))
    return paths


@pytest.fixture
def catalogue(upstream: UpstreamServer) -> UpstreamServer:
    upstream.behaviour = answer_titles
    return upstream


def an_hour_of_shoppers(tables: AnalyticsTables, present: Present, newest: int) -> None:
    """Windows up to `newest` minutes ago: a wave of shoppers for P301, with empty minutes in it."""
    for ago in range(newest, newest + 55):
        shoppers = round(40 + 30 * math.sin(ago / 7) + 8 * math.sin(ago))
        if ago % 11:
            counts = {"unique_user_count": shoppers, "verified_user_count": shoppers // 2, "event_count": shoppers * 2}
            tables.put_window("P301", present.minutes_ago(ago), **counts)
    others = [(f"P{100 + rank}", 40 - 3 * rank, 60 - 3 * rank) for rank in range(8)]
    tables.put_trending(
        present.minutes_ago(newest), ("P301", 71, 142), ("P17", 55, 90), ("NOT-IN-CATALOGUE", 44, 61), *others
    )
    tables.put_status(present.minutes_ago(newest), event_count=500)


def trending_titles(page: Page) -> list[str]:
    return page.locator("#trending .title").all_inner_texts()


def test_trending_a_chosen_products_series_and_their_age_appear_and_keep_up_without_asking_again(
    page: Page,
    complaints: list[str],
    asked: list[str],
    analytics_gateway: Gateway,
    tables: AnalyticsTables,
    present: Present,
    catalogue: UpstreamServer,
    tmp_path: Path,
) -> None:
    an_hour_of_shoppers(tables, present, newest=2)
    page.goto(f"{analytics_gateway.url}/dashboard")
    expect(page.locator("#trending .title").first).to_have_text("Trail running shoes")
    assert trending_titles(page)[:3] == ["Trail running shoes", "Espresso machine <b>deluxe</b>", "NOT-IN-CATALOGUE"]
    assert len([request for request in catalogue.requests if "ids=" in request.line]) == 1

    freshness = page.locator("#freshness")
    expect(freshness).to_have_attribute("data-state", "live")
    expect(freshness).to_have_text(
        re.compile(rf"Live · newest minute {text(present.minutes_ago(2))[11:16]} UTC, ended (\d+ s|[2-4] min) ago")
    )

    page.get_by_role("button", name="Trail running shoes").click()
    expect(page).to_have_url(re.compile(r"\?product=P301$"))
    expect(page.locator("#series-title")).to_have_text("Trail running shoes")
    chart = page.locator("#chart svg")
    expect(chart).to_have_attribute("aria-label", re.compile("Trail running shoes: unique shoppers from"))
    assert page.locator("#chart .line").get_attribute("d").count("L") > 50

    page.locator("#chart").hover(position={"x": 400, "y": 150})
    expect(page.locator("#chart .tip-strong")).to_have_text(re.compile(r"^\d+ shoppers?$"))
    page.screenshot(path=tmp_path / "dashboard-light.png", full_page=True)
    chart.focus()
    page.keyboard.press("End")
    newest = page.locator("#figure-newest").inner_text().split()[0]
    expect(page.locator("#chart .tip-strong")).to_have_text(f"{newest} shoppers")

    expect(freshness).to_have_attribute("data-source", "stream")
    asked.clear()
    tables.put_window("P301", present.minutes_ago(1), unique_user_count=123, verified_user_count=7, event_count=200)
    tables.put_trending(present.minutes_ago(1), ("P42", 130, 150), ("P301", 123, 200))
    tables.put_status(present.minutes_ago(1), event_count=350)
    expect(page.locator("#trending .title").first).to_have_text("Wool blanket")
    expect(page.locator("#figure-newest")).to_contain_text("123")
    expect(page.locator("#series-subtitle")).to_contain_text(re.compile(f"{text(present.minutes_ago(0))[11:16]} UTC$"))
    assert page.locator("#chart .line").get_attribute("d").count("L") > 50
    assert asked == []
    expect(page.locator("#trending button[aria-pressed=true] .id")).to_have_text("P301")

    assert complaints == []
    cookie = next(cookie for cookie in page.context.cookies() if cookie["name"] == COOKIE_NAME)
    assert visitor_id(cookie["value"]) is not None
    assert visitor_id(page.evaluate("document.cookie").split("=", 1)[1]) is not None


def test_where_streams_are_full_the_page_asks_and_where_processes_are_replaced_it_goes_on(
    page: Page, analytics_gateway: Gateway, tables: AnalyticsTables, present: Present, catalogue: UpstreamServer
) -> None:
    an_hour_of_shoppers(tables, present, newest=4)
    analytics_gateway.replace_processes()  # theirs is the newest minute of another test, and time does not go back
    trending, newest = "/analytics/trending?limit=1", text(present.minutes_ago(4))
    wait_until(lambda: orjson.loads(get(analytics_gateway.port, trending).body)["window_start"] == newest)
    titles, freshness = page.locator("#trending .title"), page.locator("#freshness")
    page.clock.install()
    with ExitStack() as opened:
        for _ in range(FEW_STREAMS):
            opened.enter_context(EventStream(analytics_gateway.port))
        page.goto(f"{analytics_gateway.url}/dashboard?product=P301")
        expect(titles.first).to_have_text("Trail running shoes")
        page.clock.fast_forward(POLL_MS)
        wait_until(lambda: analytics_gateway.metric(REQUESTS, route="analytics/trending", status="304"))
        tables.put_trending(present.minutes_ago(3), ("P42", 9, 9))
        tables.put_status(present.minutes_ago(3), event_count=9)
        expect(titles).to_have_text(["Wool blanket"])
        expect(freshness).to_have_attribute("data-source", "poll")
    page.clock.fast_forward(AGAIN_MS)
    expect(freshness).to_have_attribute("data-source", "stream")
    analytics_gateway.replace_processes()
    expect(freshness).to_have_attribute("data-source", "poll")
    tables.put_trending(present.minutes_ago(2), ("P17", 8, 8))
    tables.put_status(present.minutes_ago(2), event_count=8)
    expect(titles).to_have_text(["Espresso machine <b>deluxe</b>"])
    expect(freshness).to_have_attribute("data-source", "stream")


def test_product_and_minute_are_part_of_the_address(
    page: Page,
    complaints: list[str],
    analytics_gateway: Gateway,
    tables: AnalyticsTables,
    present: Present,
    catalogue: UpstreamServer,
) -> None:
    an_hour_of_shoppers(tables, present, newest=2)
    tables.put_trending(present.minutes_ago(9), ("P42", 9, 9))
    page.goto(f"{analytics_gateway.url}/dashboard?product=P301&window={text(present.minutes_ago(9))}&span=30")
    expect(page.locator("#trending .title")).to_have_text(["Wool blanket"])
    expect(page.locator("#series-subtitle")).to_contain_text(re.compile(f"{text(present.minutes_ago(8))[11:16]} UTC$"))
    expect(page.locator("#span")).to_have_value("30")
    page.get_by_role("button", name="Newest").click()
    expect(page.locator("#trending .title").first).to_have_text("Trail running shoes")
    page.go_back()
    expect(page.locator("#trending .title")).to_have_text(["Wool blanket"])
    assert complaints == []


def test_a_quiet_shop_a_dead_job_and_an_empty_table_are_told_apart(
    page: Page,
    complaints: list[str],
    analytics_gateway: Gateway,
    tables: AnalyticsTables,
    present: Present,
    catalogue: UpstreamServer,
) -> None:
    page.goto(f"{analytics_gateway.url}/dashboard")
    freshness = page.locator("#freshness")
    expect(freshness).to_have_attribute("data-state", "unknown")
    expect(page.locator("#trending-empty")).to_contain_text("POST /activity/event")
    an_hour_of_shoppers(tables, present, newest=30)
    expect(freshness).to_have_attribute("data-state", "stale")
    expect(freshness).to_contain_text(re.compile(r"ended (29|30|31) min ago"))
    tables.put_status(present.minutes_ago(1), event_count=0)
    expect(freshness).to_have_attribute("data-state", "quiet")
    assert complaints == []


def test_a_product_that_nobody_saw_and_hostile_names_are_shown_as_text(
    page: Page,
    complaints: list[str],
    analytics_gateway: Gateway,
    tables: AnalyticsTables,
    present: Present,
    catalogue: UpstreamServer,
) -> None:
    tables.put_trending(present.minutes_ago(1), ("<img src=x onerror=alert(1)>", 1, 1), ("a,b", 1, 1))
    tables.put_status(present.minutes_ago(1), event_count=2)
    page.goto(f"{analytics_gateway.url}/dashboard?product=%3Cscript%3E")
    expect(page.locator("#trending .title")).to_have_text(["<img src=x onerror=alert(1)>", "a,b"])
    expect(page.locator("#series-title")).to_have_text("<script>")
    expect(page.locator("#series-empty")).to_contain_text("Nobody looked at this product")
    assert complaints == []


def test_when_the_tables_are_away_the_page_says_so_and_recovers_without_the_catalogue_too(
    page: Page, gateway: Gateway, upstream: UpstreamServer
) -> None:
    page.goto(f"{gateway.url}/dashboard")
    expect(page.locator("#alert")).to_contain_text("analytics tables do not answer")
    assert page.locator("#freshness").get_attribute("data-state") in {"error", "loading"}


def test_it_is_dark_where_the_reader_prefers_it(
    page: Page,
    complaints: list[str],
    analytics_gateway: Gateway,
    tables: AnalyticsTables,
    present: Present,
    catalogue: UpstreamServer,
    tmp_path: Path,
) -> None:
    an_hour_of_shoppers(tables, present, newest=1)
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 420, "height": 900})
    page.goto(f"{analytics_gateway.url}/dashboard?product=P301")
    expect(page.locator("#chart .line")).to_be_visible()
    page.screenshot(path=tmp_path / "dashboard-dark.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 17, 24)"
    assert complaints == []


def test_the_landing_page_links_to_what_is_there(
    page: Page, complaints: list[str], analytics_gateway: Gateway, tables: AnalyticsTables, catalogue: UpstreamServer,
    tmp_path: Path,
) -> None:  # fmt: skip
    page.goto(analytics_gateway.url)
    page.screenshot(path=tmp_path / "landing.png")
    page.get_by_role("link", name="Dashboard").click()
    expect(page.get_by_role("heading", name="Shoppers by the minute")).to_be_visible()
    assert complaints == []


def test_assets_are_kept_for_ever_under_their_version_and_not_under_another(gateway: Gateway) -> None:
    html = get(gateway.port, "/dashboard")
    assert "script-src 'self'" in html.headers["Content-Security-Policy"]
    (address,) = re.findall(r'src="(/assets/[0-9a-f]{16}/dashboard\.js)"', html.body.decode())
    assert "immutable" in get(gateway.port, address).headers["Cache-Control"]
    other = get(gateway.port, "/assets/0000000000000000/dashboard.js")
    assert (other.status, other.headers["Cache-Control"]) == (200, "no-store")
    for missing in ("/assets/1/none.js", "/assets/1/..%2fapps.py", "/assets/1/pages.html"):
        assert get(gateway.port, missing).status == 404


def test_the_apis_pages_show_its_operations(
    page: Page, complaints: list[str], gateway: Gateway, upstream: UpstreamServer
) -> None:
    page.goto(f"{gateway.url}/docs")
    trending = page.locator(".opblock", has_text="The products with the most shoppers in one minute")
    trending.locator(".opblock-summary-control").click()
    expect(trending.locator(".opblock-body")).to_contain_text("unique_user_count")
    assert complaints == []
