"""Bare baselines: what the machine gives with nothing of ours in the way."""

from wsgiref.types import StartResponse, WSGIEnvironment


def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Read the body, answer 202 with a small JSON object: the least that an event endpoint can do."""
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    body = b'{"event_id":"019ab0c8-8a55-7c4e-8b49-5f2f6f0f6a10"}'
    start_response("202 Accepted", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
