"""The gateway's two pages: a short landing page and the live dashboard."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ecom.apps.gateway.api import assets
from ecom.apps.gateway.api.methods import reads_only
from ecom.apps.gateway.api.visitors import give_visitor

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cache-Control": "private, no-cache",
}


@reads_only
def landing(request: HttpRequest) -> HttpResponse:
    """`GET /`: what is where."""
    return _page(request, "gateway/landing.html")


@reads_only
def dashboard(request: HttpRequest) -> HttpResponse:
    """`GET /dashboard?product=&window=`: the page's script reads the parameters and asks the analytics."""
    return _page(request, "gateway/dashboard.html")


def _page(request: HttpRequest, template: str) -> HttpResponse:
    response = render(request, template, {"assets": f"/assets/{assets.content_version()}"})
    for name, value in _HEADERS.items():
        response[name] = value
    response["Content-Length"] = str(len(response.content))
    give_visitor(request, response)
    return response
