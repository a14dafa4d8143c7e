"""Who may read the analytics: anyone, or staff and service accounts only, by `ECOM_ANALYTICS_PUBLIC`."""

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ecom.apps.gateway.api.admission import sign_in_first
from ecom.common.authentication import InvalidToken, bearer_token, verify_token
from ecom.common.problems import problem_response

READERS = frozenset({"staff", "service"})


def refusal(request: HttpRequest) -> HttpResponseBase | None:
    """The 401 or 403 for a caller who may not read, None for one who may."""
    if settings.ANALYTICS_PUBLIC:
        return None
    try:
        token = bearer_token(request)
        principal = verify_token(token) if token else None
    except InvalidToken as error:
        return sign_in_first(request, str(error))
    if principal is None:
        return sign_in_first(request, "Analytics are for staff: sign in.")
    return None if principal.kind in READERS else problem_response(request, 403, "Analytics are for staff.")
