"""The pages' own scripts and styles, held in memory and served for ever under a version made of their content."""

import hashlib
from functools import cache
from pathlib import Path

import drf_spectacular_sidecar
from django.http import HttpRequest, HttpResponse

from ecom.apps.gateway.api.methods import reads_only
from ecom.common.problems import problem_response

FOLDER = Path(__file__).parents[1] / "assets"
_SWAGGER_UI = Path(drf_spectacular_sidecar.__path__[0]) / "static/drf_spectacular_sidecar/swagger-ui-dist"
OF_OTHERS = (_SWAGGER_UI / "swagger-ui-bundle.js", _SWAGGER_UI / "swagger-ui.css")
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_FOR_EVER = "public, max-age=31536000, immutable"


@cache
def files() -> dict[str, bytes]:
    """Each asset's content by its name."""
    paths = [*sorted(FOLDER.iterdir()), *OF_OTHERS]
    return {path.name: path.read_bytes() for path in paths if path.suffix in TYPES}


@cache
def content_version() -> str:
    """One version for all, as scripts import each other by relative addresses."""
    digest = hashlib.sha256()
    for name, content in files().items():
        digest.update(name.encode() + b"\0" + content)
    return digest.hexdigest()[:16]


@reads_only
def asset(request: HttpRequest, version: str, name: str) -> HttpResponse:
    """`GET /assets/{version}/{name}`.

    While a new release rolls out, a page of one release may ask a process of the other: it gets what there is, and
    does not keep it.
    """
    content = files().get(name)
    if content is None:
        return problem_response(request, 404, "There is no such asset.")
    headers = {
        "Content-Length": str(len(content)),
        "Cache-Control": _FOR_EVER if version == content_version() else "no-store",
    }
    return HttpResponse(content, content_type=TYPES[Path(name).suffix], headers=headers)
