"""A shop that a test tells how to behave: the two operations that the function calls, over HTTP, with a memory."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

Answer = tuple[int, dict[str, Any], dict[str, str]]
Behaviour = Callable[[list[dict[str, Any]]], Answer | None]


def refusal(status: int, detail: str = "No.", **headers: str) -> Answer:
    return (
        status,
        {"status": status, "detail": detail},
        {name.replace("_", "-"): value for name, value in headers.items()},
    )


@dataclass
class ShopServer:
    """`behaviour` may answer a batch in the shop's place; None leaves it to the shop. `token_refusals` come first."""

    products: dict[str, dict[str, Any]] = field(default_factory=dict)
    batches: list[list[str]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    answers: dict[str, tuple[list[str], Answer]] = field(default_factory=dict)
    tokens_given: int = 0
    token_seconds: int = 300
    token_refusals: list[Answer] = field(default_factory=list)
    behaviour: Behaviour = lambda products: None
    busiest: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._busy = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def forget(self) -> None:
        self.products.clear()
        self.batches.clear()
        self.answers.clear()
        self.times.clear()
        self.token_refusals.clear()
        self.tokens_given = self.busiest = 0
        self.token_seconds = 300
        self.behaviour = lambda products: None

    def give_token(self, grant: dict[str, str]) -> Answer:
        if grant["client_secret"] != "open sesame":
            return refusal(401)
        if self.token_refusals:
            return self.token_refusals.pop()
        self.tokens_given += 1
        return 200, {"access_token": f"token-{self.tokens_given}", "expires_in": self.token_seconds}, {}

    def take(self, products: list[dict[str, Any]], name: str) -> Answer:
        with self._lock:
            self._busy += 1
            self.busiest = max(self.busiest, self._busy)
            self.times.append(time.monotonic())
            self.batches.append([product["product_id"] for product in products])
        try:
            return self.behaviour(products) or self._once(products, name)
        finally:
            with self._lock:
                self._busy -= 1

    def _once(self, products: list[dict[str, Any]], name: str) -> Answer:
        """The same batch under the same name is answered alike, and nothing is done."""
        ids = [product["product_id"] for product in products]
        known, answer = self.answers.get(name, (ids, None))
        assert known == ids, "a name was used for two batches"
        if answer is None:
            answer = self._outcomes(products)
            self.answers[name] = (ids, answer)
        return answer

    def _outcomes(self, products: list[dict[str, Any]]) -> Answer:
        with self._lock:
            results = [{"index": index, **self._upsert(index, each)} for index, each in enumerate(products)]
        return 200, {"results": results}, {}

    def _upsert(self, index: int, product: dict[str, Any]) -> dict[str, Any]:
        if len(product["title"]) > 300:
            error = {"pointer": f"/products/{index}/title", "detail": "title is longer than 300 characters."}
            return {"outcome": "rejected", "errors": [error]}
        known = self.products.get(product["product_id"])
        self.products[product["product_id"]] = product
        return {"outcome": "created" if known is None else "unchanged" if known == product else "updated"}

    def _handler(shop) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.path == "/auth/token":
                    status, document, headers = shop.give_token(body)
                else:
                    assert self.path == "/products/bulk"
                    assert self.headers["Authorization"].startswith("Bearer token-")
                    status, document, headers = shop.take(body["products"], self.headers["Idempotency-Key"])
                answer = json.dumps(document).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(answer))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *arguments: object) -> None:
                pass

        return Handler
