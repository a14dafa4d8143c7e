"""Who may read the analytics: anyone, or staff and service accounts only, by `ECOM_ANALYTICS_PUBLIC`."""

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ecom.common.authentication import InvalidToken, verify_token
from ecom.common.problems import problem_response

READERS = frozenset({"staff", "service"})
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="ecom"'}


def refusal(request: HttpRequest) -> HttpResponseBase | None:
    """The 401 or 403 for a caller who may not read, None for one who may."""
    if settings.ANALYTICS_PUBLIC:
        return None
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return problem_response(request, 401, "Analytics are for staff: sign in.", headers=_CHALLENGE)
    try:
        principal = verify_token(token.strip())
    except InvalidToken as error:
        return problem_response(request, 401, str(error), headers=_CHALLENGE)
    return None if principal.kind in READERS else problem_response(request, 403, "Analytics are for staff.")
