"""A shop for tests: products in the real catalog, buyers, and the orders service that they talk to."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from io import StringIO
from typing import Any
from unittest import mock
from uuid import uuid4

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test.client import Client, ClientHandler

from ecom.apps.orders.clients import catalog
from tests.tokens import token

ADDRESS = {"recipient": "Ada L.", "line1": "Main Street 1", "city": "Berlin", "postal_code": "10115", "country": "DE"}
ADA, BOB = "U00000000000000AD", "U00000000000000B0"
TOKENS = {
    ADA: token(ADA),
    BOB: token(BOB),
    "staff": token("USTAFF", kind="staff"),
    "payments": token("payments", kind="service", scope="orders:transition"),
    "importer": token("importer", kind="service", scope="catalog:write catalog:reserve"),
}


# Making one reads the backoffice's static files; the clients of all tests share it.
_HANDLER = ClientHandler(enforce_csrf_checks=False)


class Quiet(WSGIRequestHandler):
    disable_nagle_algorithm = True  # it writes an answer in pieces

    def log_message(self, *arguments: Any) -> None:
        """Tests have nobody who reads it."""


@contextmanager
def serving(shared: Sequence[str] = ()) -> Iterator[str]:
    """Every service's public paths and the catalog's internal ones, in threads of this process; the URL.

    The databases in `shared` are reached by the connection of the calling thread, inside of its transaction.
    """
    overrides = {alias: connections[alias] for alias in shared}
    with ExitStack() as stack:
        for connection in overrides.values():
            stack.enter_context(_lent(connection))
        server = ThreadedWSGIServer(("127.0.0.1", 0), Quiet, connections_override=overrides)
        server.daemon_threads = False  # closing the server waits for them, and for their database connections' end
        stack.callback(server.server_close)
        url = f"http://127.0.0.1:{server.server_port}"
        stack.callback(_hang_up, url)
        server.set_app(get_wsgi_application())
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        stack.callback(thread.join)
        stack.callback(server.shutdown)
        yield url


def _hang_up(url: str) -> None:
    """Close the connections that orders keeps to this server."""
    catalog._pool(url, settings.REQUESTS_IN_FLIGHT).close()
    catalog._tokens(url, settings.SERVICE_CLIENT_ID, settings.SERVICE_CLIENT_SECRET)._pool.clear()


@contextmanager
def _lent(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """The connection may be used by other threads, and Django does not close it where their requests end."""
    main = threading.get_ident()
    close, close_if = connection.close, connection.close_if_unusable_or_obsolete
    connection.inc_thread_sharing()
    connection.close = lambda: close() if threading.get_ident() == main else None
    connection.close_if_unusable_or_obsolete = lambda: close_if() if threading.get_ident() == main else None
    try:
        yield
    finally:
        connection.dec_thread_sharing()
        del connection.close, connection.close_if_unusable_or_obsolete


def make_service_account() -> None:
    """The account with which orders gets its tokens."""
    with mock.patch("sys.stdin", StringIO(settings.SERVICE_CLIENT_SECRET)):
        call_command(
            "ensure_service_account", "orders", audience=["catalog"], scope=["catalog:reserve"], stdout=StringIO()
        )


def stock_up(product_id: str, stock: int = 10, price: int = 1000, **values: Any) -> None:
    """Put a product into the shop, or change it."""
    new = {"title": f"Thing {product_id}", "price_amount": price, "currency": "EUR", "stock": stock, **values}
    products().update_or_create(product_id=product_id, defaults=new)


def products() -> Any:
    return apps.get_model("catalog", "Product").objects


def stock_of(product_id: str) -> int:
    return int(products().get(product_id=product_id).stock)


def units_reserved(product_id: str) -> int:
    """Units that orders have: held for them, or sold."""
    lines = apps.get_model("catalog", "ReservationLine").objects
    mine = lines.filter(product__product_id=product_id, reservation__state__in=["held", "confirmed"])
    return sum(mine.values_list("quantity", flat=True))


class Api:
    """The public API as one client sees it, with cookies of its own; `who` is one of TOKENS, a customer, or a guest."""

    def __init__(self, who: str | None = None, *, cart_token: str | None = None) -> None:
        self.http = Client()
        self.http.handler = _HANDLER
        self.headers = {"Authorization": f"Bearer {TOKENS.get(who) or token(who)}"} if who else {}
        if cart_token:
            self.headers["X-Cart-Token"] = cart_token

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        sent = {**self.headers, **headers}
        verb = getattr(self.http, method.lower())
        if body is None:
            return verb(path, headers=sent)
        return verb(path, data=body, content_type="application/json", headers=sent)

    def add(self, product_id: str, quantity: int = 1) -> Any:
        response = self("POST", "/cart/add", {"product_id": product_id, "quantity": quantity})
        assert response.status_code == 200, response.content
        return response.json()

    def cart(self) -> dict[str, int]:
        """What is in the cart."""
        response = self("GET", "/cart")
        assert response.status_code == 200, response.content
        return {item["product_id"]: item["quantity"] for item in response.json()["items"]}

    def order(self, units: dict[str, int] | None = None, *, key: str | None = None, **body: Any) -> Any:
        """The answer to an order of these items or, without any, of the cart."""
        chosen = {"items": [{"product_id": name, "quantity": n} for name, n in units.items()]} if units else {}
        sent = {"delivery_address": ADDRESS, **chosen, **body}
        return self("POST", "/orders", sent, **{"Idempotency-Key": key or uuid4().hex})

    def ordered(self, items: dict[str, int] | None = None) -> str:
        """Order; the order's id."""
        response = self.order(items)
        assert response.status_code == 201, response.content
        return str(response.json()["order_id"])


def all_at_once(table: str, callers: Sequence[Callable[[], Any]], *, waiting: int | None = None) -> list[Any]:
    """The results of callers that all begin while the table is locked: none is done before the last has begun.

    `waiting` of them, by default all, are seen to wait before the lock goes.
    """

    def call(caller: Callable[[], Any]) -> Any:
        try:
            with connections["orders"].cursor() as cursor:  # on a busy machine the last comes late
                cursor.execute("SET lock_timeout = '60s'; SET statement_timeout = '60s'")
            return caller()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(callers)) as pool:
        with transaction.atomic(using="orders"), connections["orders"].cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
            running = [pool.submit(call, caller) for caller in callers]
            wait_until(lambda: _lock_waiters() >= (len(callers) if waiting is None else waiting))
        return [future.result() for future in running]


def _lock_waiters() -> int:
    with connections["orders"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return int(cursor.fetchone()[0])


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
