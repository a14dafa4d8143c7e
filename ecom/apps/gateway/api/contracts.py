"""`GET /contracts/{event}/{version}`: the released JSON Schemas, which each event names in `ce_dataschema`."""

from django.http import HttpRequest, HttpResponse

from ecom.apps.gateway.api.methods import reads_only
from ecom.common.problems import problem_response
from ecom.contracts.released import released_schema


@reads_only
def contract(request: HttpRequest, event: str, version: str) -> HttpResponse:
    """The schema's bytes as released; they never change."""
    schema = released_schema(event, version)
    if schema is None:
        return problem_response(request, 404, f"No version {version} of the event {event} was released.")
    headers = {"Content-Length": str(len(schema)), "Cache-Control": "public, max-age=31536000, immutable"}
    return HttpResponse(schema, content_type="application/schema+json", headers=headers)
