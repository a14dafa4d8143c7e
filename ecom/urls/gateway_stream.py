"""What gateway-stream answers: the gateway's streams and nothing else."""

from django.urls import path

from ecom.apps.gateway.api import stream
from ecom.common import problems

urlpatterns = [path("analytics/stream", stream.stream)]

handler400, handler403 = problems.bad_request, problems.permission_denied
handler404, handler500 = problems.page_not_found, problems.server_error
