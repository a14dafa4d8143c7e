"""The public API of orders: `/cart…` and `/orders…`."""

from typing import Any, cast

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from ecom.apps.orders import selectors
from ecom.apps.orders.api import carriers
from ecom.apps.orders.api import serializers as bodies
from ecom.apps.orders.api.permissions import IsPerson, IsPersonOrGuest
from ecom.apps.orders.api.refusals import refusal
from ecom.apps.orders.cart_tokens import cart_token
from ecom.apps.orders.clients.catalog import Line
from ecom.apps.orders.models import Actor, Status
from ecom.apps.orders.services import carts, placing, transitions
from ecom.apps.orders.services.transitions import By
from ecom.common.authentication import Principal
from ecom.common.idempotency_keys import checked_key
from ecom.common.permissions import IsStaffOrHasScope
from ecom.common.uncached import UncachedView

# Validating does not change a serializer, and making one copies all its fields: one serves every request.
_ADDITION, _QUANTITY = bodies.CartAddition(), bodies.QuantityChange()
_ORDER, _CANCEL, _TRANSITION = bodies.OrderRequest(), bodies.CancelRequest(), bodies.TransitionRequest()
_ORDERS_QUERY = bodies.OrdersQuery()
_ACTORS = {"customer": Actor.CUSTOMER, "staff": Actor.STAFF, "service": Actor.SERVICE}


class PersonalView(UncachedView):
    """Answers are about one person: no cache keeps them."""

    def handle_exception(self, exc: Exception) -> Response:
        return super().handle_exception(refusal(exc))


def _checked(shape: BaseSerializer[Any], request: Request) -> dict[str, Any]:
    """The body, if it has this shape. Raises ValidationError (400)."""
    return cast(dict[str, Any], shape.run_validation(request.data))


def _caller(request: Request) -> By:
    principal = cast(Principal, request.user)
    return By(_ACTORS[principal.kind], principal.subject)


class CartView(PersonalView):
    """A cart is its customer's, or that of the guest who brings its token."""

    permission_classes = (IsPersonOrGuest,)

    def _answer(self, request: Request, contents: carts.Contents) -> Response:
        body = selectors.cart_body(contents.items, contents.products)
        if contents.guest_cart:
            body["cart_token"] = cart_token(contents.guest_cart)
        response = Response(body)
        carriers.carry(request, response, contents.guest_cart)
        return response


class Cart(CartView):
    """`GET` and `DELETE /cart`."""

    def get(self, request: Request) -> Response:
        return self._answer(request, carts.contents(owner=carriers.owner_of(request)))

    def delete(self, request: Request) -> Response:
        carts.clear(owner=carriers.owner_of(request))
        response = Response(status=204)
        carriers.carry(request, response, guest_cart=None)
        return response


class CartAdd(CartView):
    """`POST /cart/add`: so many more of a product; a guest without a cart is given one, with its token."""

    def post(self, request: Request) -> Response:
        addition = _checked(_ADDITION, request)
        return self._answer(request, carts.add(owner=carriers.owner_of(request), **addition))


class CartItem(CartView):
    """`PATCH` and `DELETE /cart/items/{product_id}`; both answer with the cart."""

    def patch(self, request: Request, product_id: str) -> Response:
        change = _checked(_QUANTITY, request)
        owner = carriers.owner_of(request)
        return self._answer(request, carts.change(owner=owner, product_id=product_id, **change))

    def delete(self, request: Request, product_id: str) -> Response:
        return self._answer(request, carts.remove(owner=carriers.owner_of(request), product_id=product_id))


class Orders(PersonalView):
    """`GET` and `POST /orders`."""

    permission_classes = (IsPerson,)

    def get(self, request: Request) -> Response:
        """A page of the caller's own orders, newest first."""
        parameters = request.query_params.dict()
        asked: dict[str, Any] = _ORDERS_QUERY.run_validation(parameters)
        page = selectors.orders_of(
            customer_id=_caller(request).actor_id, limit=asked["limit"], cursor=asked.get("cursor")
        )
        return Response(page.body(request.path, parameters))

    def post(self, request: Request) -> HttpResponse:
        """Place an order. The same Idempotency-Key gives the same answer, byte by byte, for 48 hours."""
        key, body, caller = _idempotency_key(request), _checked(_ORDER, request), _caller(request)
        items = body.get("items")
        wanted = placing.Wanted(
            owner=carriers.owner_of(request),
            by=caller,
            address=body["delivery_address"],
            lines=tuple(Line(**item) for item in items) if items else None,
        )
        answer = placing.place_order(customer_id=caller.actor_id, key=key, wanted=wanted)
        headers = {"Location": answer.location}
        return HttpResponse(answer.body, status=answer.status, headers=headers, content_type="application/json")


def _idempotency_key(request: Request) -> str:
    """Raises Refusal (400)."""
    detail = "The header Idempotency-Key is needed: 8 to 64 visible characters, new for each order."
    return checked_key(request.headers.get("Idempotency-Key", ""), detail)


class Order(PersonalView):
    """`GET /orders/{order_id}`: the caller's own; any for staff."""

    permission_classes = (IsPerson,)

    def get(self, request: Request, order_id: str) -> Response:
        caller = _caller(request)
        own = caller.actor_id if caller.actor == Actor.CUSTOMER else None
        return Response(selectors.order_of(order_id=order_id, customer_id=own))


class OrderCancel(PersonalView):
    """`POST /orders/{order_id}/cancel`: before it is shipped; the caller's own, any for staff."""

    permission_classes = (IsPerson,)

    def post(self, request: Request, order_id: str) -> Response:
        body = _checked(_CANCEL, request)
        transitions.bring(order_id=order_id, to=Status.CANCELLED, by=_caller(request), **body)
        return Response(selectors.order_of(order_id=order_id, customer_id=None))


class OrderTransitions(PersonalView):
    """`POST /orders/{order_id}/transitions`: for staff, and for services with the scope `orders:transition`."""

    permission_classes = (IsStaffOrHasScope("orders:transition"),)

    def post(self, request: Request, order_id: str) -> Response:
        body = _checked(_TRANSITION, request)
        transitions.bring(order_id=order_id, by=_caller(request), **body)
        return Response(selectors.order_of(order_id=order_id, customer_id=None))
