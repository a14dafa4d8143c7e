"""The OpenAPI documents of the services: `GET /openapi.json`, which is not routed from outside.

Remote contract: 200 with an OpenAPI 3.1 document as JSON. Its components carry the service's name, but for those of
the shared kernel (`Problem`, `FieldError`, `bearer`), which are the same everywhere.
"""

import time
from typing import Any

import orjson

from ecom.apps.gateway.bulkhead import Full
from ecom.apps.gateway.circuit_breaker import CircuitOpen
from ecom.apps.gateway.clients.upstreams import Answer, BadAnswer, TooLate, UpstreamError, upstream

SECONDS = 3.0
MAX_BYTES = 4 * 1024 * 1024

Document = dict[str, Any]


class NoDocument(Exception):
    """The service gave no document."""


def document_of(service: str, *, host: str) -> Document:
    """What the service says of itself; `host` is one that it takes for its own. Raises NoDocument."""
    try:
        answer = upstream(service).request(
            "GET", "/openapi.json", headers={"host": host, "accept": "application/json"}, body=None, seconds=SECONDS
        )
        return _parsed(answer)
    except (UpstreamError, CircuitOpen, Full, orjson.JSONDecodeError) as error:
        raise NoDocument from error


def _parsed(answer: Answer) -> Document:
    try:
        document = orjson.loads(_whole(answer))
    finally:
        answer.close()
    if answer.status != 200 or not isinstance(document, dict) or "paths" not in document:
        raise BadAnswer
    return document


def _whole(answer: Answer) -> bytes:
    deadline, body = time.monotonic() + SECONDS, b""
    while piece := answer.read():
        body += piece
        if time.monotonic() > deadline:
            raise TooLate
        if len(body) > MAX_BYTES:
            raise BadAnswer
    return body
