"""The public paths of gateway: the routing table's, generated from it and the busiest, then its own."""

from django.urls import path

from ecom.apps.gateway.api import analytics, assets, contracts, documents, keys, pages, stream
from ecom.apps.gateway.api.proxy import proxy_view
from ecom.apps.gateway.routes import routes_by_path, url_pattern

urlpatterns = [
    *(path(url_pattern(template), proxy_view(rows)) for template, rows in routes_by_path().items()),
    path("", pages.landing),
    path("dashboard", pages.dashboard),
    path("docs", pages.docs),
    path("openapi.json", documents.openapi),
    path("assets/<version>/<name>", assets.asset),
    path(".well-known/jwks.json", keys.key_set),
    path("contracts/<event>/<version>", contracts.contract),
    path("analytics/products", analytics.products),
    path("analytics/products/<product_id>", analytics.product_series),
    path("analytics/trending", analytics.trending),
    path("analytics/stream", stream.stream),
]
