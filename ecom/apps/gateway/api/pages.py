"""The gateway's pages: a short landing page, the live dashboard and the API's documentation."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ecom.apps.gateway.api import assets
from ecom.apps.gateway.api.methods import reads_only
from ecom.apps.gateway.api.visitors import give_visitor

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# Swagger UI writes styles into its elements and has its pictures in its own code.
_POLICY_OF_DOCS = _POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'").replace(
    "img-src 'self'", "img-src 'self' data:"
)


@reads_only
def landing(request: HttpRequest) -> HttpResponse:
    """`GET /`: what is where."""
    return _page(request, "gateway/landing.html")


@reads_only
def dashboard(request: HttpRequest) -> HttpResponse:
    """`GET /dashboard?product=&window=`: the page's script reads the parameters and asks the analytics."""
    return _page(request, "gateway/dashboard.html")


@reads_only
def docs(request: HttpRequest) -> HttpResponse:
    """`GET /docs`: the document at `/openapi.json`, to read and to try out."""
    return _page(request, "gateway/docs.html", _POLICY_OF_DOCS)


def _page(request: HttpRequest, template: str, policy: str = _POLICY) -> HttpResponse:
    response = render(request, template, {"assets": f"/assets/{assets.content_version()}"})
    response["Content-Security-Policy"] = policy
    response["Cache-Control"] = "private, no-cache"
    response["Content-Length"] = str(len(response.content))
    give_visitor(request, response)
    return response
