"""Every context in one process, each answering its own public paths without the proxy between them."""

from django.contrib import admin
from django.urls import include, path

from ecom.common import problems
from ecom.common.api_document import api_document

urlpatterns = [
    path("admin/", admin.site.urls),
    path("openapi.json", api_document),  # of all contexts: there is nothing to merge
    path("", include("ecom.apps.customers.api.urls")),
    path("", include("ecom.apps.catalog.api.urls")),
    path("", include("ecom.apps.orders.api.urls")),
    path("", include("ecom.apps.activity.api.urls")),
    path("", include("ecom.apps.gateway.api.urls")),  # last: its routing table would take the others' paths
]

handler400, handler403 = problems.bad_request, problems.permission_denied
handler404, handler500 = problems.page_not_found, problems.server_error
