"""The running shop as its buyers and its stock-keeper see it: over HTTP, through the gateway where that has a route."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier
from typing import Any, TypeVar
from uuid import uuid4

import orjson
import urllib3

from local import credentials
from local.stack import Stack

ANSWER_SECONDS = 60  # within which a buyer repeats what was answered 503 or not at all
DELIVERY_ADDRESS = {
    "recipient": "Ada Lovelace",
    "line1": "12 St James's Square",
    "postal_code": "SW1Y 4JH",
    "city": "London",
    "country": "GB",
}

Items = Mapping[str, int]  # quantity by product id
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered, byte by byte."""

    status: int
    body: bytes

    def json(self) -> Any:
        """The body, parsed."""
        return orjson.loads(self.body)


@dataclass(frozen=True)
class Buyer:
    """A customer with a token, who repeats a request whose outcome is not known under the same Idempotency-Key."""

    shop: "Shop"
    customer_id: str

    @property
    def headers(self) -> dict[str, str]:
        """What says who this is."""
        return {"Authorization": f"Bearer {credentials.customer_token(self.customer_id)}"}

    def fill_cart(self, items: Items) -> None:
        """Put these into the cart, one after the other."""
        for product_id, quantity in items.items():
            body = {"product_id": product_id, "quantity": quantity}
            answer = self.shop.send("POST", "/cart/add", body, self.headers)
            assert answer.status == 200, answer.body

    def order(self, items: Items | None = None, *, key: str | None = None) -> Answer:
        """Order the items, or what is in the cart."""
        return self.shop.send("POST", "/orders", self.order_body(items), self.order_headers(key or uuid4().hex))

    def order_body(self, items: Items | None) -> dict[str, object]:
        """What `POST /orders` is sent."""
        lines = [{"product_id": name, "quantity": quantity} for name, quantity in (items or {}).items()]
        return {"delivery_address": DELIVERY_ADDRESS, **({} if items is None else {"items": lines})}

    def order_headers(self, key: str) -> dict[str, str]:
        """With which headers."""
        return {**self.headers, "Idempotency-Key": key}

    def orders(self) -> list[dict[str, Any]]:
        """The first page of this customer's orders."""
        answer = self.shop.send("GET", "/orders", None, self.headers)
        assert answer.status == 200, answer.body
        results: list[dict[str, Any]] = answer.json()["results"]
        return results

    def cancel(self, order_id: str) -> Answer:
        """Cancel an order."""
        return self.shop.send("POST", f"/orders/{order_id}/cancel", {}, self.headers)


class Shop:
    """The public API of a running platform, and the catalog's internal one, for many threads at once.

    `orders` is the address of an orders process that takes the place of the platform's own, past the gateway.
    """

    def __init__(self, stack: Stack, *, orders: str | None = None) -> None:
        self._gateway, self._catalog = stack.url("gateway"), stack.url("catalog")
        self._orders = orders or self._gateway
        self._pool = urllib3.PoolManager(maxsize=64, retries=False, timeout=urllib3.Timeout(connect=5, read=30))
        scopes = credentials.service_token("catalog:write catalog:reserve orders:transition")
        self._staff = {"Authorization": f"Bearer {scopes}"}

    def buyers(self, count: int) -> list[Buyer]:
        """So many customers that nobody has seen before."""
        return [Buyer(self, f"U{uuid4().hex[:16]}") for _ in range(count)]

    def send(self, method: str, path: str, body: object, headers: Mapping[str, str]) -> Answer:
        """The answer. What was refused for lack of capacity (503), or had none at all, is repeated."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < deadline:
            try:
                answer = self.send_once(method, path, body, headers)
            except urllib3.exceptions.HTTPError:
                answer = None
            if answer and answer.status != 503:
                return answer
            time.sleep(0.1)
        raise TimeoutError(f"{method} {path} had no answer within {ANSWER_SECONDS} s")

    def send_once(self, method: str, path: str, body: object, headers: Mapping[str, str]) -> Answer:
        """The answer. Raises urllib3's HTTPError where there is none."""
        service = self._orders if path.startswith(("/orders", "/cart")) else self._gateway
        response = self._pool.request(method, service + path, json=body, headers=headers)
        return Answer(response.status, response.data)

    def stock_up(self, items: Items) -> None:
        """Bring products into the shop with so many units of each."""
        rows = [
            {
                "product_id": name,
                "title": f"Product {name}",
                "price": {"amount": 1999, "currency": "EUR"},
                "stock": units,
                "category_path": ["Races"],
            }
            for name, units in items.items()
        ]
        answer = self.send("POST", "/products/bulk", {"products": rows}, self._staff)
        assert answer.status == 200, answer.body
        assert all(row["outcome"] in ("created", "updated") for row in answer.json()["results"]), answer.body

    def transition(self, order_id: str, to: str) -> Answer:
        """Bring an order into another state, as the payment service does."""
        return self.send("POST", f"/orders/{order_id}/transitions", {"to": to}, self._staff)

    def stock(self, product_ids: Iterable[str]) -> Counter[str]:
        """The units that can be sold now."""
        fresh = {"Cache-Control": "no-cache"}
        answer = self._pool.request(
            "GET", f"{self._gateway}/products", fields={"ids": ",".join(product_ids)}, headers=fresh
        )
        return Counter({product["product_id"]: product["stock"] for product in answer.json()["results"]})

    def reserved(self, product_ids: Iterable[str], *, states: str = "held,confirmed") -> Counter[str]:
        """The units that orders have: held for them, or sold."""
        wanted, units = set(product_ids), Counter[str]()
        for reservation in self._reservations(states):
            units.update({line["product_id"]: line["quantity"] for line in reservation["lines"]})
        return Counter({name: count for name, count in units.items() if name in wanted})

    def _reservations(self, states: str) -> Iterable[dict[str, Any]]:
        path: str | None = f"/internal/reservations?state={states}&limit=100"
        while path:
            answer = self._pool.request("GET", self._catalog + path, headers=self._staff)
            assert answer.status == 200, answer.data
            yield from answer.json()["results"]
            path = answer.json()["next"]


def at_once(calls: Sequence[Callable[[], Result]]) -> list[Result]:
    """The results of calls that all begin in the same moment."""
    barrier = Barrier(len(calls))

    def call(one: Callable[[], Result]) -> Result:
        barrier.wait(timeout=30)
        return one()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(call, calls))


def side_by_side(calls: Sequence[Callable[[], Result]], *, threads: int = 32) -> list[Result]:
    """The results of many calls, some at a time."""
    with ThreadPoolExecutor(threads) as pool:
        return [running.result() for running in [pool.submit(call) for call in calls]]
