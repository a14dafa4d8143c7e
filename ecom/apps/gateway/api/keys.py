"""`GET /.well-known/jwks.json`: the public keys that tokens are verified with, for clients that verify them too."""

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from ecom.apps.gateway.api.methods import reads_only


@reads_only
def key_set(request: HttpRequest) -> HttpResponse:
    """The JSON Web Key Set (RFC 7517). Kept for five minutes: a new key is published well before it signs."""
    headers = {"Cache-Control": "public, max-age=300"}
    return HttpResponse(orjson.dumps(settings.TOKEN_KEYS), content_type="application/jwk-set+json", headers=headers)
