"""Who is let through to a service: callers whose token is good where one is looked at, and not too often."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from ecom.apps.gateway.callers import client_of, principal_of
from ecom.apps.gateway.rate_limits import Quota, count
from ecom.apps.gateway.routes import Access, RateClass
from ecom.common.authentication import CHALLENGE, InvalidToken, Principal
from ecom.common.problems import problem_response


def admitted(
    request: HttpRequest, access: Access, rate: RateClass | None, answer: Callable[[], HttpResponseBase]
) -> HttpResponseBase:
    """What `answer` gives to a caller who is let through, else 401 or 429. Refused tokens count for their address."""
    principal, refused = _looked_at(request, access)
    quota = count(client_of(request, principal), _rate_of(principal, rate)) if rate else None
    response: HttpResponseBase
    if quota and quota.exceeded:
        response = _too_many(request, quota)
    else:
        response = answer() if refused is None else sign_in_first(request, refused)
    if quota:
        for name, value in quota.headers.items():
            response[name] = value
    return response


def sign_in_first(request: HttpRequest, detail: str) -> HttpResponse:
    """401 that asks for a bearer token."""
    return problem_response(request, 401, detail, headers={"WWW-Authenticate": CHALLENGE})


def _looked_at(request: HttpRequest, access: Access) -> tuple[Principal | None, str | None]:
    """The token's principal, and why the caller is not let through."""
    if access is Access.OPEN:
        return None, None
    try:
        principal = principal_of(request)
    except InvalidToken as error:
        return None, str(error)
    missing = principal is None and access is Access.SIGNED_IN
    return principal, "This needs a token: sign in." if missing else None


def _rate_of(principal: Principal | None, rate: RateClass) -> RateClass:
    return RateClass.MACHINES if principal and principal.kind == "service" else rate


def _too_many(request: HttpRequest, quota: Quota) -> HttpResponse:
    detail = f"You may ask {quota.limit} times in this window. Try again in {quota.reset_seconds} s."
    return problem_response(
        request, 429, detail, slug="rate-limited", headers={"Retry-After": str(quota.reset_seconds)}
    )
