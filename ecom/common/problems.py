"""Errors as RFC 9457 problem details, whoever raises them: a view, a serializer, Django or a database that is away.

A problem is `{type, title, status, detail, instance, request_id, errors: [{pointer, code, detail}]}`; `pointer` is a
JSON Pointer (RFC 6901) into the body, or the name of a query parameter.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

import orjson
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework.exceptions import APIException, ErrorDetail, ValidationError
from rest_framework.response import Response
from rest_framework.views import set_rollback

from ecom.common.request_context import current_request_context

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 2

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing that is wrong with the input: where it is, a word for programs, a sentence for people."""

    pointer: str
    code: str
    detail: str


class Refusal(APIException):
    """An answer whose kind has a name of its own: `slug` ends the problem's `type`.

    `errors` say what in the input it is about, `members` are added to the problem, `wait` is in seconds.
    """

    def __init__(
        self,
        status: int,
        slug: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        members: Mapping[str, Any] | None = None,
        wait: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.status_code, self.slug, self.wait = status, slug, wait
        self.errors, self.members = errors, members or {}
        if status == 401:
            self.auth_header = 'Bearer realm="ecom"'


def problem_body(
    status: int, detail: str, *, instance: str, slug: str | None = None, errors: Sequence[FieldError] = ()
) -> dict[str, Any]:
    """The members of a problem; `slug` names the kind where the status alone does not."""
    title = HTTPStatus(status).phrase
    context = current_request_context()
    body: dict[str, Any] = {
        "type": f"urn:ecom:problem:{slug or title.lower().replace(' ', '-')}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": instance,
        "request_id": context.request_id if context else None,
    }
    if errors:
        body["errors"] = [asdict(error) for error in errors]
    return body


def problem_response(
    request: HttpRequest,
    status: int,
    detail: str,
    *,
    slug: str | None = None,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """The answer of a plain Django view that cannot do what it was asked."""
    body = problem_body(status, detail, instance=request.path, slug=slug, errors=errors)
    return HttpResponse(orjson.dumps(body), status=status, content_type=CONTENT_TYPE, headers=headers)


def problem_for_exception(exception: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. An exception that nobody expected goes on to Django, which logs it and answers 500."""
    refused = _as_api_exception(exception)
    if refused is None:
        return None
    set_rollback()
    body = _problem_of(refused, context["request"].path)
    return Response(body, status=refused.status_code, headers=_headers(refused), content_type=CONTENT_TYPE)


def _problem_of(refused: APIException, instance: str) -> dict[str, Any]:
    status, detail = refused.status_code, str(refused.detail)
    if isinstance(refused, ValidationError):
        errors = list(_field_errors(refused.detail))
        return problem_body(status, "The request is not valid; see errors.", instance=instance, errors=errors)
    if isinstance(refused, Refusal):
        body = problem_body(status, detail, instance=instance, slug=refused.slug, errors=refused.errors)
        return {**refused.members, **body}
    return problem_body(status, detail, instance=instance)


def _as_api_exception(exception: Exception) -> APIException | None:
    if isinstance(exception, APIException):
        return exception
    if isinstance(exception, Http404):
        return _api_exception(404, "There is nothing at this address.")
    if isinstance(exception, PermissionDenied):
        return _api_exception(403, "You may not do this.")
    return None


def _api_exception(status: int, detail: str) -> APIException:
    exception = APIException(detail)
    exception.status_code = status
    return exception


def _headers(exception: APIException) -> dict[str, str]:
    headers = {}
    if challenge := getattr(exception, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if (wait := getattr(exception, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait))
    return headers


def _field_errors(detail: Any, pointer: str = "") -> Iterator[FieldError]:
    """Flattens DRF's nested `{field: [ErrorDetail]}` into pointers."""
    if isinstance(detail, ErrorDetail):
        yield FieldError(pointer=pointer, code=detail.code or "invalid", detail=str(detail))
    elif isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from _field_errors(inner, pointer if name == "non_field_errors" else f"{pointer}/{name}")
    else:
        nested = any(isinstance(inner, Mapping) for inner in detail)
        for index, inner in enumerate(detail):
            yield from _field_errors(inner, f"{pointer}/{index}" if nested else pointer)


class UnavailableMiddleware:
    """A database that is away is a 503 for as long as it takes, never a 500."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, OperationalError | InterfaceError):
            return None
        log.warning("database unavailable", extra={"error": str(exception), "path": request.path})
        return problem_response(
            request,
            503,
            "The database does not answer at the moment. Try again shortly.",
            headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
        )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's `handler400`."""
    detail = str(exception) if isinstance(exception, BadRequest) else "The request is malformed."
    return problem_response(request, 400, detail)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's `handler403`."""
    return problem_response(request, 403, "You may not do this.")


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's `handler404`."""
    return problem_response(request, 404, "There is nothing at this address.")


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's `handler500`."""
    return problem_response(request, 500, "Something went wrong here. It was logged under the request_id.")
