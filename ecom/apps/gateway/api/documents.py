"""`GET /openapi.json`: the API of the whole platform in one document."""

import hashlib
import time
from dataclasses import dataclass

import orjson
from django.http import HttpRequest, HttpResponse

from ecom.apps.gateway.api.methods import reads_only
from ecom.apps.gateway.api.openapi import own_document
from ecom.apps.gateway.clients.documents import Document, NoDocument, document_of
from ecom.apps.gateway.merging import merged
from ecom.apps.gateway.routes import ROUTES

KEPT_SECONDS = 60
RETRY_SECONDS = 5  # where a service gave none
SERVICES = sorted({route.upstream for route in ROUTES})


@dataclass(frozen=True, slots=True)
class _Merged:
    """The document as it is sent; `until` by time.monotonic()."""

    content: bytes
    etag: str
    until: float


_last_known: dict[str, Document] = {}
_merged: _Merged | None = None


@reads_only
def openapi(request: HttpRequest) -> HttpResponse:
    """The document; of a service that is away, as it was last known, else without it (`x-missing-services`)."""
    global _merged
    document = _merged
    if document is None or time.monotonic() > document.until:
        document = _merged = _merge(request.get_host())
    headers = {
        "Content-Length": str(len(document.content)),
        "ETag": document.etag,
        "Cache-Control": "public, max-age=60",
    }
    return HttpResponse(document.content, content_type="application/json", headers=headers)


def _merge(host: str) -> _Merged:
    answered = [_asked(service, host) for service in SERVICES]
    content = orjson.dumps(merged(own_document(), _last_known))
    etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    return _Merged(content, etag, time.monotonic() + (KEPT_SECONDS if all(answered) else RETRY_SECONDS))


def _asked(service: str, host: str) -> bool:
    """Whether the service told what it answers."""
    try:
        _last_known[service] = document_of(service, host=host)
    except NoDocument:
        return False
    return True
