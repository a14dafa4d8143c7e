"""Problems in OpenAPI documents: their schema, and the answers that may be one."""

from http import HTTPStatus
from typing import Any

from ecom.common.problems import CONTENT_TYPE

SCHEMAS: dict[str, Any] = {
    "Problem": {
        "type": "object",
        "description": "RFC 9457 problem details. Some kinds have members of their own beside these.",
        "required": ["type", "title", "status", "detail", "instance", "request_id"],
        "properties": {
            "type": {"type": "string", "description": "The kind of problem, for programs: `urn:ecom:problem:…`."},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "What is wrong, for people."},
            "instance": {"type": "string", "description": "The path that was asked."},
            "request_id": {"type": ["string", "null"], "description": "Under it our logs say more."},
            "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldError"}},
        },
    },
    "FieldError": {
        "type": "object",
        "required": ["pointer", "code", "detail"],
        "properties": {
            "pointer": {
                "type": "string",
                "description": "A JSON Pointer into the body, or the name of a query parameter.",
            },
            "code": {"type": "string"},
            "detail": {"type": "string"},
        },
    },
}
REFERENCE = {"$ref": "#/components/schemas/Problem"}
SECURITY_SCHEMES: dict[str, Any] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token from `POST /auth/token`.",
    }
}


def problem_answer(status: int) -> dict[str, Any]:
    """The answer of an operation that ends in this status, in OpenAPI's terms."""
    return {"description": HTTPStatus(status).phrase, "content": {CONTENT_TYPE: {"schema": REFERENCE}}}
