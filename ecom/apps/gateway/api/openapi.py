"""The gateway's own operations as the document describes them. They are no views of DRF, so it is written out."""

from typing import Any

from orjson import dumps

from ecom.apps.gateway.api.parameters import (
    DEFAULT_LIMIT,
    MAX_LIMIT,
    MAX_MINUTES,
    MAX_PRODUCT_ID,
    MAX_PRODUCTS,
    MAX_STREAM_PRODUCTS,
    MAX_WINDOWS,
)
from ecom.common.problem_schema import REFERENCE, SCHEMAS, SECURITY_SCHEMES, problem_answer
from ecom.common.problems import CONTENT_TYPE

Json = dict[str, Any]

FRESHNESS = {
    "newest_window_start": "2025-11-23T12:40:00Z",
    "age_seconds": 24,
    "state": "live",
    "newest_window_event_count": 311,
}
TIMES = {"window_start": "2025-11-23T12:40:00Z", "window_end": "2025-11-23T12:41:00Z"}
BY_TYPE = {"view_count": 80, "cart_count": 20, "wishlist_count": 5, "purchase_count": 4, "other_count": 2}
WINDOW = {
    "product_id": "P301",
    **TIMES,
    "unique_user_count": 87,
    "verified_user_count": 60,
    "event_count": 112,
    "bot_event_count": 1,
    **BY_TYPE,
    "is_final": True,
}
RANGE = {"granularity": "1m", "from": TIMES["window_start"], "to": TIMES["window_end"]}
SERIES = {"product_id": "P301", **RANGE, "results": [WINDOW], "freshness": FRESHNESS}
SEVERAL_SERIES = {**RANGE, "results": [{"product_id": "P301", "results": [WINDOW]}], "freshness": FRESHNESS}
TRENDING_PRODUCT = {
    "product_id": "P301",
    "title": "Trail running shoes",
    "unique_user_count": 87,
    "verified_user_count": 60,
    "event_count": 112,
    **BY_TYPE,
}
TRENDING = {**TIMES, "is_final": True, "results": [TRENDING_PRODUCT], "freshness": FRESHNESS}
KEY = {"kty": "RSA", "kid": "2025-11", "use": "sig", "alg": "RS256", "n": "u1W8", "e": "AQAB"}


def _object(**properties: Json) -> Json:
    """An object with these members, all of which are there."""
    return {"type": "object", "required": list(properties), "properties": properties}


def _or_null(schema: Json) -> Json:
    return {**schema, "type": [schema["type"], "null"]}


_TEXT: Json = {"type": "string"}
_TIME: Json = {"type": "string", "format": "date-time"}
_COUNT: Json = {"type": "integer", "minimum": 0}
_BOOLEAN: Json = {"type": "boolean"}
_WINDOWS: Json = {"type": "array", "items": {"$ref": "#/components/schemas/gateway.Window"}}
_RANGE: Json = {"granularity": {"const": "1m"}, "from": _TIME, "to": _TIME}
_FRESHNESS: Json = {"$ref": "#/components/schemas/gateway.Freshness"}

_SCHEMAS: Json = {
    "gateway.Freshness": _object(
        newest_window_start=_or_null(_TIME),
        age_seconds={**_or_null(_COUNT), "description": "Since the newest window's end."},
        state={"enum": ["live", "stale", "unknown"]},
        newest_window_event_count=_or_null(_COUNT),
    ),
    "gateway.Window": _object(
        product_id=_TEXT,
        window_start=_TIME,
        window_end=_TIME,
        unique_user_count=_COUNT,
        verified_user_count=_COUNT,
        event_count={**_COUNT, "description": "All events, those of bots too."},
        bot_event_count=_COUNT,
        **dict.fromkeys(BY_TYPE, _COUNT),
        is_final={**_BOOLEAN, "description": "Until then a count of 0 may only mean: not counted yet."},
    ),
    "gateway.Series": _object(product_id=_TEXT, **_RANGE, results=_WINDOWS, freshness=_FRESHNESS),
    "gateway.SeveralSeries": _object(
        **_RANGE,
        results={"type": "array", "items": _object(product_id=_TEXT, results=_WINDOWS)},
        freshness=_FRESHNESS,
    ),
    "gateway.TrendingProduct": _object(
        product_id=_TEXT,
        title={**_or_null(_TEXT), "description": "Null where the catalog knows none, or is away."},
        unique_user_count=_COUNT,
        verified_user_count={
            **_or_null(_COUNT),
            "description": "Null, as counts by type, in older minutes.",
        },
        event_count=_COUNT,
        **{name: _or_null(_COUNT) for name in BY_TYPE},
    ),
    "gateway.Trending": _object(
        window_start=_or_null(_TIME),
        window_end=_or_null(_TIME),
        is_final=_BOOLEAN,
        results={"type": "array", "items": {"$ref": "#/components/schemas/gateway.TrendingProduct"}},
        freshness=_FRESHNESS,
    ),
    "gateway.KeySet": _object(
        keys={"type": "array", "items": {"type": "object", "required": ["kty", "kid", "n", "e"]}}
    ),
}


def _parameter(name: str, schema: Json, description: str, *, place: str = "query", required: bool = False) -> Json:
    found = {"name": name, "in": place, "schema": schema, "description": description}
    return {**found, "required": True} if required or place == "path" else found


def _get(summary: str, schema: Json, example: Any, *, media: str = "application/json", **also: Any) -> Json:
    """A read that anyone may ask for; `also` are other members of the operation."""
    refusals = {str(status): problem_answer(status) for status in also.pop("refusals", ())}
    content = {media: {"schema": schema, "examples": {"example": {"value": example}}}}
    return {
        "get": {
            "summary": summary,
            "tags": also.pop("tags"),
            "operationId": also.pop("operation_id"),
            **also,
            "responses": {"200": {"description": "OK", "content": content}, **refusals},
        }
    }


_ANALYTICS_AWAY: Json = {
    "description": "The tables do not answer; how old the last known window is.",
    "content": {
        CONTENT_TYPE: {
            "schema": {
                "allOf": [REFERENCE, _object(freshness=_FRESHNESS)],
            }
        }
    },
}


_UNCHANGED: Json = {"description": "Nothing but the age has changed since the answer with the `ETag` given."}


def _analytics(summary: str, name: str, example: Json, **also: Any) -> Json:
    """By `ECOM_ANALYTICS_PUBLIC` open to anyone, else to staff and service accounts."""
    item = _get(
        summary,
        {"$ref": f"#/components/schemas/gateway.{name}"},
        example,
        tags=["analytics"],
        security=[{"bearer": []}, {}],
        refusals=(400, 401, 403, 429),
        **also,
    )
    item["get"]["responses"] |= {"304": _UNCHANGED, "503": _ANALYTICS_AWAY}
    return item


_KNOWN_ETAG = _parameter("If-None-Match", _TEXT, "The `ETag` of an answer that you have.", place="header")

_LIMIT = _parameter(
    "limit", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}, "How many products."
)


def _between(of: str) -> list[Json]:
    return [
        _parameter("from", _TIME, f"By default an hour before `to`.{of}"),
        _parameter("to", _TIME, "By default the present minute, which is not included."),
        _KNOWN_ETAG,
    ]


def _stream() -> Json:
    return _get(
        "Trending products and chosen series as they change (server-sent events)",
        {"type": "string"},
        f"retry: 2500\n\nid: {TIMES['window_start']}\nevent: trending\ndata: {dumps(TRENDING).decode()}\n\n",
        media="text/event-stream",
        description=(
            "`trending` events are what `GET /analytics/trending` answers, each time that it changes; `series` events "
            "have `product_id` and the final minutes (`results`) that were not told yet; `unavailable` is told when "
            "the tables do not answer. A comment comes every 15 s. A stream ends after some ten minutes; whoever comes "
            "again with `Last-Event-ID` is told what was missed, up to half an hour. 503 means: poll instead."
        ),
        tags=["analytics"],
        operation_id="get_analytics_stream",
        security=[{"bearer": []}, {}],
        parameters=[
            _parameter(
                "product_id",
                {"type": "array", "maxItems": MAX_STREAM_PRODUCTS, "items": {**_TEXT, "maxLength": MAX_PRODUCT_ID}},
                "Products whose series are told too; once for each.",
            ),
            _LIMIT,
            _parameter("Last-Event-ID", _TEXT, "The `id` of the last event that came.", place="header"),
        ],
        refusals=(400, 401, 403, 429, 503),
    )


def own_document() -> Json:
    """The document without what the services answer."""
    return {
        "openapi": "3.1.1",
        "info": {"title": "ecom", "version": "1.0", "description": "The shop's public API."},
        "servers": [{"url": "/"}],
        "paths": {
            "/analytics/products/{product_id}": _analytics(
                "A product's shoppers, minute by minute",
                "Series",
                SERIES,
                operation_id="get_analytics_products_by_product_id",
                parameters=[
                    _parameter("product_id", {**_TEXT, "maxLength": MAX_PRODUCT_ID, "minLength": 1}, "", place="path"),
                    *_between(f" {MAX_MINUTES} minutes at most."),
                ],
            ),
            "/analytics/products": _analytics(
                "Several products' shoppers, minute by minute",
                "SeveralSeries",
                SEVERAL_SERIES,
                operation_id="get_analytics_products",
                parameters=[
                    _parameter("ids", _TEXT, f"1 to {MAX_PRODUCTS} product ids with commas between.", required=True),
                    *_between(f" {MAX_WINDOWS} minutes of all products at most."),
                ],
            ),
            "/analytics/trending": _analytics(
                "The products with the most shoppers in one minute",
                "Trending",
                TRENDING,
                operation_id="get_analytics_trending",
                parameters=[
                    _parameter("window", _TEXT, "The start of a minute, or `newest` (the default)."),
                    _LIMIT,
                    _KNOWN_ETAG,
                ],
            ),
            "/analytics/stream": _stream(),
            "/contracts/{event}/{version}": _get(
                "The JSON Schema of an event, as released",
                {"type": "object", "required": ["$schema"]},
                {"$schema": "http://json-schema.org/draft-07/schema#", "title": "Raw event 1.0", "type": "object"},
                media="application/schema+json",
                tags=["contracts"],
                operation_id="get_contracts_by_event_by_version",
                parameters=[
                    _parameter("event", {**_TEXT, "examples": ["raw-event"]}, "", place="path"),
                    _parameter("version", {**_TEXT, "examples": ["1.0"]}, "", place="path"),
                ],
                refusals=(400, 404),
            ),
            "/.well-known/jwks.json": _get(
                "The public keys of our tokens",
                {"$ref": "#/components/schemas/gateway.KeySet"},
                {"keys": [KEY]},
                media="application/jwk-set+json",
                tags=["auth"],
                operation_id="get_key_set",
            ),
            "/openapi.json": _get(
                "This document",
                {"type": "object", "required": ["openapi", "info", "paths"]},
                {"openapi": "3.1.1", "info": {"title": "ecom", "version": "1.0"}, "paths": {}},
                tags=["documentation"],
                operation_id="get_openapi",
            ),
        },
        "components": {"schemas": {**SCHEMAS, **_SCHEMAS}, "securitySchemes": SECURITY_SCHEMES},
    }
