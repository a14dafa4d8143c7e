"""A catalog that knows a few titles."""

import socket
from urllib.parse import parse_qs, urlsplit

import orjson

from ecom.apps.gateway.tests.upstream_server import Received

TITLES = {"P301": "Trail running shoes", "P17": "Espresso machine <b>deluxe</b>", "P42": "Wool blanket"}


def answer_titles(connection: socket.socket, request: Received) -> None:
    """What the catalog answers to `GET /products?ids=…`."""
    (ids,) = parse_qs(urlsplit(request.line.split()[1]).query)["ids"]
    found = [
        {"product_id": product_id, "title": TITLES[product_id]} for product_id in ids.split(",") if product_id in TITLES
    ]
    body = orjson.dumps({"results": found, "next": None, "previous": None})
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)
