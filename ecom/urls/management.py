"""What every service answers on its management port."""

from django.urls import path
from django_prometheus.exports import ExportToDjangoView

from ecom.common import health, problems

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", ExportToDjangoView),
]

handler400, handler403 = problems.bad_request, problems.permission_denied
handler404, handler500 = problems.page_not_found, problems.server_error
