"""What the customers service answers on its public port: nothing before its context has an API."""

from django.urls import URLPattern

from ecom.common import problems

urlpatterns: list[URLPattern] = []

handler400, handler403 = problems.bad_request, problems.permission_denied
handler404, handler500 = problems.page_not_found, problems.server_error
