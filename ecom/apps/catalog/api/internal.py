"""What is for other services and for staff: the gateway's routing table has none of it."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from ecom.apps.catalog import selectors
from ecom.apps.catalog.api.bodies import OrdersBody, ReservationBody
from ecom.apps.catalog.api.refusals import out_of_stock, refusal
from ecom.apps.catalog.api.serializers import PriceQuery, ReservationQuery
from ecom.apps.catalog.services import reservations
from ecom.common.bodies import converted
from ecom.common.pagination import Page
from ecom.common.permissions import HasScope, IsStaffOrHasScope
from ecom.common.uncached import UncachedView


class InternalView(UncachedView):
    """For callers inside the platform; no cache keeps an answer."""

    def handle_exception(self, exc: Exception) -> Response:
        return super().handle_exception(refusal(exc))


class ReservationView(InternalView):
    """For services that may reserve."""

    permission_classes = (HasScope("catalog:reserve"),)


class Reservation(ReservationView):
    """`PUT /internal/reservations/{order_id}`: 201 with the hold, 200 where the order had it already."""

    def put(self, request: Request, order_id: str) -> Response:
        units = converted(request.data, ReservationBody).units()
        try:
            hold, new = reservations.reserve(order_id=order_id, lines=units)
        except reservations.OutOfStock as error:
            raise out_of_stock(error, list(units)) from error
        return Response(hold, status=201 if new else 200)


class Confirmation(ReservationView):
    """`POST /internal/reservations/confirm`: what became of each order's hold."""

    def post(self, request: Request) -> Response:
        outcomes = reservations.confirm(order_ids=converted(request.data, OrdersBody).order_ids)
        return Response(_results(outcomes))


class Release(ReservationView):
    """`POST /internal/reservations/release`: every order named has nothing reserved any more."""

    def post(self, request: Request) -> Response:
        order_ids = converted(request.data, OrdersBody).order_ids
        reservations.release(order_ids=order_ids)
        return Response(_results(dict.fromkeys(order_ids, "released")))


class ReservationList(ReservationView):
    """`GET /internal/reservations`: in the order in which they were made."""

    def get(self, request: Request) -> Response:
        parameters = request.query_params.dict()
        query: dict[str, Any] = ReservationQuery().run_validation(parameters)
        page = selectors.list_reservations(states=query["state"], limit=query["limit"], cursor=query.get("cursor"))
        return Response(page.body(request.path, parameters))


class PriceList(InternalView):
    """`GET /internal/products/{product_id}/prices`: what a product has cost, or what it cost `at` a time."""

    permission_classes = (IsStaffOrHasScope("catalog:write"),)

    def get(self, request: Request, product_id: str) -> Response:
        parameters = request.query_params.dict()
        query: dict[str, Any] = PriceQuery().run_validation(parameters)
        return Response(self._page(product_id, query).body(request.path, parameters))

    def _page(self, product_id: str, query: dict[str, Any]) -> Page[selectors.PriceSince]:
        if "at" not in query:
            return selectors.price_history(product_id, limit=query["limit"], cursor=query.get("cursor"))
        price = selectors.price_at(product_id, query["at"])
        return Page([price] if price else [], next=None, previous=None)


def _results(outcomes: dict[str, str]) -> dict[str, Any]:
    return {"results": [{"order_id": order_id, "outcome": outcome} for order_id, outcome in outcomes.items()]}
