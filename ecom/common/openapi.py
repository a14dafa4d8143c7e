"""How a context describes its API: OpenAPI 3.1, which drf-spectacular makes of serializers and of this module's words.

Each context does so in its `api/openapi.py`, apart from its views: `described(views.Cart, get=operation(…))`. What is
described nowhere is in no document.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal

import orjson
from django.conf import settings
from django.urls.converters import get_converters
from django.utils.module_loading import autodiscover_modules
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiRequest,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
)
from rest_framework import serializers
from rest_framework.views import APIView

from ecom.common.problem_schema import REFERENCE, SCHEMAS, SECURITY_SCHEMES, problem_answer
from ecom.common.problems import CONTENT_TYPE
from ecom.common.serializers import StrictSerializer

JSON = "application/json"
_PATH_PARAMETER = re.compile(r"<(?:(?P<converter>\w+):)?(?P<name>\w+)>")
_CONTEXT = re.compile(r"ecom\.apps\.(\w+)\.")
_PYTHON_ANCHOR = re.compile(r"\\A|\\Z")

Shape = Any  # a serializer's class, or a JSON Schema as a dict
SignIn = Literal["none", "optional", "required"]

_SECURITY: dict[SignIn, list[dict[str, list[str]]]] = {
    "none": [],
    "optional": [{"bearer": []}, {}],
    "required": [{"bearer": []}],
}
_REFUSALS_OF_TOKENS: dict[SignIn, tuple[int, ...]] = {"none": (), "optional": (401, 403), "required": (401, 403)}


@dataclass(frozen=True, slots=True)
class Answer:
    """A success: its body's shape with an example, or none; `media` is the body's type."""

    shape: Shape = None
    example: Any = None
    description: str = ""
    media: str = JSON


class Schema(AutoSchema):
    """`DEFAULT_SCHEMA_CLASS`: what has no description is left out; names and patterns as clients read them."""

    def is_excluded(self) -> bool:
        return True  # `operation` says otherwise

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation and "{" in self.path:
            operation["responses"].setdefault("404", problem_answer(404))
        return operation

    def _get_serializer_name(self, serializer: Any, direction: Any, bypass_extensions: bool = False) -> str:
        name: str = super()._get_serializer_name(serializer, direction, bypass_extensions)
        context = _CONTEXT.match(type(serializer).__module__)
        return f"{context[1]}.{name}" if context else name

    def get_operation_id(self) -> str:
        words = re.sub(r"\{(\w+)\}", r"by_\1", self.path).replace(".", "_").split("/")
        return "_".join([self.method.lower(), *filter(None, words)])

    def _resolve_path_parameters(self, variables: Iterable[str]) -> list[dict[str, Any]]:
        converters = {match["name"]: match["converter"] for match in _PATH_PARAMETER.finditer(self.path_regex)}
        return [_path_parameter(name, converters.get(name)) for name in variables]

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> dict[str, Any]:
        schema: dict[str, Any] = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if isinstance(serializer, StrictSerializer):
            schema["additionalProperties"] = False
        return schema


def operation(
    summary: str,
    *,
    answers: Mapping[int, Answer],
    body: Shape = None,
    example: Any = None,
    media: Iterable[str] = (JSON,),
    query: type[serializers.Serializer[Any]] | None = None,
    headers: Mapping[str, str] | None = None,
    required_headers: Mapping[str, str] | None = None,
    refusals: Iterable[int] = (),
    sign_in: SignIn = "required",
    description: str = "",
) -> Any:
    """One method of a view.

    `refusals` are the problems beside those that follow from the rest: 400 for any input, 401 and 403 for a token, 404
    for a path with parameters, 413 and 415 for a body, 406 and 503 for all.
    """
    problems = {400, 406, 503, *_REFUSALS_OF_TOKENS[sign_in], *((413, 415) if body else ()), *refusals}
    return extend_schema(
        summary=summary,
        description=description or summary,
        parameters=[*([query] if query else []), *_header_parameters(headers or {}, required_headers or {})],
        request=dict.fromkeys(media, _request(body, example)) if body else None,
        responses={
            **{(str(status), answer.media): _response(status, answer) for status, answer in answers.items()},
            **{
                (str(status), CONTENT_TYPE): OpenApiResponse(REFERENCE, HTTPStatus(status).phrase)
                for status in sorted(problems)
            },
        },
        auth=_SECURITY[sign_in],  # type: ignore[arg-type]
        exclude=False,
    )


def described(view: type[APIView], **methods: Any) -> None:
    """Describe a view's methods."""
    extend_schema_view(**methods)(view)


def document() -> bytes:
    """The OpenAPI document of all that this process answers and that its contexts describe."""
    autodiscover_modules("api.openapi")
    generator: Any = SchemaGenerator
    found = generator(urlconf=settings.ROOT_URLCONF).get_schema(request=None, public=True)
    components = found.setdefault("components", {})
    components.setdefault("schemas", {}).update(SCHEMAS)
    components["securitySchemes"] = SECURITY_SCHEMES
    return orjson.dumps(_tidied(found))


def _request(body: Shape, example: Any) -> OpenApiRequest:
    return OpenApiRequest(body, examples=[OpenApiExample("example", value=example)])


def _response(status: int, answer: Answer) -> OpenApiResponse:
    examples = [OpenApiExample("example", value=answer.example, media_type=answer.media)] if answer.shape else []
    return OpenApiResponse(answer.shape, answer.description or HTTPStatus(status).phrase, examples)


def _header_parameters(optional: Mapping[str, str], required: Mapping[str, str]) -> list[OpenApiParameter]:
    def parameter(name: str, description: str, *, is_required: bool) -> OpenApiParameter:
        return OpenApiParameter(name, str, "header", required=is_required, description=description)

    return [
        *(parameter(name, text, is_required=False) for name, text in optional.items()),
        *(parameter(name, text, is_required=True) for name, text in required.items()),
    ]


def _path_parameter(name: str, converter: str | None) -> dict[str, Any]:
    schema = {"type": "string"}
    if converter:
        schema["pattern"] = f"^{get_converters()[converter].regex}$"
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _tidied(value: Any) -> Any:
    """Python's anchors as JSON Schema writes them, and nothing that drf-spectacular notes for itself."""
    if isinstance(value, dict):
        return {
            key: _portable(inner) if key == "pattern" and isinstance(inner, str) else _tidied(inner)
            for key, inner in value.items()
            if key != "x-spec-enum-id"
        }
    return [_tidied(inner) for inner in value] if isinstance(value, list) else value


def _portable(pattern: str) -> str:
    return _PYTHON_ANCHOR.sub(lambda anchor: "^" if anchor[0] == r"\A" else "$", pattern)
