"""Which methods a path takes."""

from collections.abc import Callable, Iterable
from functools import wraps

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ecom.common.problems import problem_response

View = Callable[..., HttpResponseBase]


def method_not_allowed(request: HttpRequest, allowed: Iterable[str]) -> HttpResponseBase:
    """405 with the methods that the path takes."""
    methods = ", ".join(sorted(allowed))
    return problem_response(request, 405, f"This address takes {methods}.", headers={"Allow": methods})


def reads_only(view: View) -> View:
    """A view that takes GET and HEAD."""

    @wraps(view)
    def checked(request: HttpRequest, **parameters: str) -> HttpResponseBase:
        if request.method not in {"GET", "HEAD"}:
            return method_not_allowed(request, ("GET", "HEAD"))
        return view(request, **parameters)

    return checked
