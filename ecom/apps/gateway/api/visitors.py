"""The visitor's cookie, given to a browser that has none of ours."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ecom.common.visitor import COOKIE_NAME, MAX_AGE_SECONDS, new_visitor_cookie, visitor_id


def give_visitor(request: HttpRequest, response: HttpResponseBase) -> None:
    """Set the cookie where it is absent or not signed by us. The page reads it: its visitor id is sent as `user_id`."""
    cookie = request.COOKIES.get(COOKIE_NAME)
    if cookie and visitor_id(cookie):
        return
    response.set_cookie(
        COOKIE_NAME,
        new_visitor_cookie(),
        max_age=MAX_AGE_SECONDS,
        secure=request.is_secure(),
        httponly=False,
        samesite="Lax",
    )
