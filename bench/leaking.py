"""The service as it is, with a leak: every request leaves something behind, as a fault in a library would."""

import os
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from bench.recycling import LEAKED_BYTES
from ecom.wsgi import application as service

_left_behind: list[bytes] = []


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer as the service does, and forget to free what the request took."""
    _left_behind.append(os.urandom(LEAKED_BYTES))
    return service(environ, start_response)
