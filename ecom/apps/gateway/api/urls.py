"""The public paths of gateway: the routing table's, generated from it."""

from django.urls import path

from ecom.apps.gateway.api.proxy import proxy_view
from ecom.apps.gateway.routes import routes_by_path, url_pattern

urlpatterns = [path(url_pattern(template), proxy_view(rows)) for template, rows in routes_by_path().items()]
