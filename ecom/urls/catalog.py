"""What the catalog service answers on its public port."""

from django.urls import include, path

from ecom.common import problems
from ecom.common.api_document import api_document

urlpatterns = [path("openapi.json", api_document), path("", include("ecom.apps.catalog.api.urls"))]

handler400, handler403 = problems.bad_request, problems.permission_denied
handler404, handler500 = problems.page_not_found, problems.server_error
