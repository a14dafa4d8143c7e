"""The public reads of the catalogue."""

from typing import Any, cast, get_type_hints

from django.utils.cache import patch_cache_control
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ecom.apps.catalog import selectors
from ecom.apps.catalog.api.serializers import ProductQuery
from ecom.common.pagination import Page

SHARED_SECONDS = 10
_FILTERS = frozenset(get_type_hints(selectors.ProductFilters))
# Validating does not change a serializer, and making one copies all its fields: one serves every request.
_PRODUCT_QUERY = ProductQuery()


class PublicView(APIView):
    """Open to anyone: no token is looked at, so that one that has ended does not stop its owner from browsing."""

    authentication_classes = ()

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """The same for everyone, so shared caches may keep it for a moment; an order asks for the present anyway."""
        finalized: Response = super().finalize_response(request, response, *args, **kwargs)
        if finalized.status_code == 200:
            patch_cache_control(finalized, public=True, max_age=SHARED_SECONDS)
        return finalized


class ProductList(PublicView):
    """`GET /products`: a page of products, or the products of `ids`."""

    def get(self, request: Request) -> Response:
        parameters = request.query_params.dict()
        query: dict[str, Any] = _PRODUCT_QUERY.run_validation(parameters)
        page = self._page(query)
        return Response(page.body(request.path, parameters))

    def _page(self, query: dict[str, Any]) -> Page[selectors.ProductSummary]:
        if "ids" in query:
            return Page(selectors.products_by_id(query["ids"]), next=None, previous=None)
        filters = {name: value for name, value in query.items() if name in _FILTERS}
        return selectors.list_products(
            filters=cast(selectors.ProductFilters, filters),
            sort=query["sort"],
            limit=query["limit"],
            cursor=query.get("cursor"),
        )


class ProductDetail(PublicView):
    """`GET /products/{product_id}`."""

    def get(self, request: Request, product_id: str) -> Response:
        product = selectors.product_detail(product_id)
        if product is None:
            raise NotFound(f"There is no product {product_id}.")
        return Response(product)


class CategoryTree(PublicView):
    """`GET /categories`: the whole tree; the number of categories is small."""

    def get(self, request: Request) -> Response:
        return Response({"results": selectors.category_tree()})
