"""The public API of the catalogue: anyone reads, staff and services write."""

from typing import Any, cast, get_type_hints

from django.http import HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_cache_control
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ecom.apps.catalog import selectors
from ecom.apps.catalog.api import entity_tags
from ecom.apps.catalog.api.product_bodies import checked_changes, checked_product
from ecom.apps.catalog.api.refusals import refusal
from ecom.apps.catalog.api.serializers import ProductQuery
from ecom.apps.catalog.services import products
from ecom.apps.catalog.services.products import ProductRow
from ecom.common.bodies import invalid
from ecom.common.pagination import Page
from ecom.common.permissions import IsStaffOrHasScope
from ecom.common.problems import FieldError

SHARED_SECONDS = 10
CATEGORIES_SHARED_SECONDS = 60  # the counts of the tree are made of all products
# For which caches go on while the catalogue cannot be reached: old prices are better than no shop, and an order asks.
STALE_IF_ERROR_SECONDS = 600
_FILTERS = frozenset(get_type_hints(selectors.ProductFilters))
# Validating does not change a serializer, and making one copies all its fields: one serves every request.
_PRODUCT_QUERY = ProductQuery()


class CatalogueView(APIView):
    """Reading is open to anyone: no token is looked at, so that one that has ended stops nobody from browsing.

    Writing is for staff and for services with the scope `catalog:write`.
    """

    permission_classes = (IsStaffOrHasScope("catalog:write"),)
    shared_seconds = SHARED_SECONDS

    def perform_authentication(self, request: Request) -> None:
        if self._is_write(request):
            super().perform_authentication(request)

    def check_permissions(self, request: Request) -> None:
        if self._is_write(request):
            super().check_permissions(request)

    def _is_write(self, request: Request) -> bool:
        method = request.method or ""
        return method not in SAFE_METHODS and hasattr(self, method.lower())

    def handle_exception(self, exc: Exception) -> Response:
        return super().handle_exception(refusal(exc))

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        finalized = super().finalize_response(request, response, *args, **kwargs)
        if self._is_write(request):
            finalized["Cache-Control"] = "no-store"
        elif finalized.status_code == 200 and request.method != "OPTIONS":
            return _shared(request, finalized, self.shared_seconds)
        return finalized


def _shared(request: Request, response: Response, seconds: int) -> HttpResponse:
    """The same for everyone, so shared caches may keep it for a moment, and ask by its tag whether it still holds."""
    if "ETag" not in response:
        response["ETag"] = entity_tags.tag_of_bytes(response.render().content)
    patch_cache_control(response, public=True, max_age=seconds, stale_if_error=STALE_IF_ERROR_SECONDS)
    if not entity_tags.is_known(request, response["ETag"]):
        return response
    return HttpResponseNotModified(headers={name: response[name] for name in ("ETag", "Cache-Control")})


class ProductList(CatalogueView):
    """`GET /products`: a page of products, or the products of `ids`. `POST`: a new one."""

    def get(self, request: Request) -> Response:
        parameters = request.query_params.dict()
        query: dict[str, Any] = _PRODUCT_QUERY.run_validation(parameters)
        page = self._page(query)
        return Response(page.body(request.path, parameters))

    def post(self, request: Request) -> Response:
        product = products.create_product(row=_valid(checked_product(request.data)))
        response = _product(product, status=201)
        response["Location"] = f"/products/{product.product_id}"
        return response

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


class ProductDetail(CatalogueView):
    """`GET`, `PATCH` and `DELETE /products/{product_id}`; deleting takes it out of the shop."""

    def get(self, request: Request, product_id: str) -> Response:
        return _product(selectors.product_detail(product_id))

    def patch(self, request: Request, product_id: str) -> Response:
        expected = entity_tags.required_revisions(request)
        row = _valid(checked_changes(request.data, product_id=product_id))
        return _product(products.change_product(row=row, expected=expected))

    def delete(self, request: Request, product_id: str) -> Response:
        products.deactivate_product(product_id=product_id, expected=entity_tags.expected_revisions(request))
        return Response(status=204)


class CategoryTree(CatalogueView):
    """`GET /categories`: the whole tree; the number of categories is small."""

    shared_seconds = CATEGORIES_SHARED_SECONDS

    def get(self, request: Request) -> Response:
        return Response({"results": selectors.category_tree()})


def _product(product: selectors.ProductDetail, status: int = 200) -> Response:
    return Response(product, status=status, headers={"ETag": entity_tags.tag_of_revision(product.revision)})


def _valid(checked: ProductRow | list[FieldError]) -> ProductRow:
    """Raises Refusal (400) where something is wrong."""
    if isinstance(checked, list):
        raise invalid(checked)
    return checked
