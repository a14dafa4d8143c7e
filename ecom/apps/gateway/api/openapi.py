"""The gateway's own operations as the document describes them. They are no views of DRF, so it is written out."""

from typing import Any

from ecom.apps.gateway.api.parameters import DEFAULT_LIMIT, MAX_LIMIT, MAX_PRODUCT_ID
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
WINDOW = {
    "product_id": "P301",
    **TIMES,
    "unique_user_count": 87,
    "verified_user_count": 60,
    "event_count": 112,
    "is_final": True,
}
SERIES = {
    "product_id": "P301",
    "granularity": "1m",
    "from": TIMES["window_start"],
    "to": TIMES["window_end"],
    "results": [WINDOW],
    "freshness": FRESHNESS,
}
TRENDING = {
    **TIMES,
    "is_final": True,
    "results": [{"product_id": "P301", "unique_user_count": 87, "event_count": 112}],
    "freshness": FRESHNESS,
}
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
        event_count=_COUNT,
        is_final={**_BOOLEAN, "description": "Until then a count of 0 may only mean: not counted yet."},
    ),
    "gateway.Series": _object(
        product_id=_TEXT,
        granularity={"const": "1m"},
        **{"from": _TIME, "to": _TIME},
        results={"type": "array", "items": {"$ref": "#/components/schemas/gateway.Window"}},
        freshness={"$ref": "#/components/schemas/gateway.Freshness"},
    ),
    "gateway.Trending": _object(
        window_start=_or_null(_TIME),
        window_end=_or_null(_TIME),
        is_final=_BOOLEAN,
        results={
            "type": "array",
            "items": {
                "type": "object",
                "required": ["product_id", "unique_user_count", "event_count"],
                "properties": {"product_id": _TEXT, "unique_user_count": _COUNT, "event_count": _COUNT},
            },
        },
        freshness={"$ref": "#/components/schemas/gateway.Freshness"},
    ),
    "gateway.KeySet": _object(
        keys={"type": "array", "items": {"type": "object", "required": ["kty", "kid", "n", "e"]}}
    ),
}


def _parameter(name: str, schema: Json, description: str, *, place: str = "query") -> Json:
    found = {"name": name, "in": place, "schema": schema, "description": description}
    return {**found, "required": True} if place == "path" else found


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
                "allOf": [REFERENCE, _object(freshness={"$ref": "#/components/schemas/gateway.Freshness"})],
            }
        }
    },
}


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
    item["get"]["responses"]["503"] = _ANALYTICS_AWAY
    return item


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
                    _parameter("from", _TIME, "By default an hour before `to`."),
                    _parameter("to", _TIME, "By default the present minute, which is not included."),
                ],
            ),
            "/analytics/trending": _analytics(
                "The products with the most shoppers in one minute",
                "Trending",
                TRENDING,
                operation_id="get_analytics_trending",
                parameters=[
                    _parameter("window", _TEXT, "The start of a minute, or `newest` (the default)."),
                    _parameter(
                        "limit",
                        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
                        "How many products.",
                    ),
                ],
            ),
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
