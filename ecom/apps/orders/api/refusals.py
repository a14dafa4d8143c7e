"""What the services refuse, as answers."""

from collections.abc import Callable
from typing import Any

import msgspec
from rest_framework.exceptions import NotFound

from ecom.apps.orders.clients.catalog import CatalogAway, OutOfStock
from ecom.apps.orders.lifecycle import Forbidden
from ecom.apps.orders.selectors import UnknownOrder
from ecom.apps.orders.services.carts import CartFull, UnknownItem, UnknownProduct
from ecom.apps.orders.services.idempotency import OtherRequest, StillRunning
from ecom.apps.orders.services.placing import CartChanged, EmptyCart, MixedCurrencies, TotalTooLarge
from ecom.apps.orders.services.transitions import StockNotConfirmed
from ecom.common.problems import RETRY_AFTER_SECONDS, FieldError, Refusal


def _plain(status: int, slug: str, detail: str, *, wait: float | None = None) -> Callable[[Any], Exception]:
    return lambda error: Refusal(status, slug, detail, wait=wait)


def _out_of_stock(error: OutOfStock) -> Exception:
    shortages = [msgspec.to_builtins(each) for each in error.shortages]
    errors = [
        FieldError(f"/items/{error.positions[each.product_id]}/quantity", "short", f"There are {each.available}.")
        for each in error.shortages
    ]
    detail = "There are not enough of some products."
    return Refusal(409, "out-of-stock", detail, errors=errors, members={"shortages": shortages})


def _mixed_currencies(error: MixedCurrencies) -> Exception:
    errors = [
        FieldError(f"/items/{index}/product_id", "currency", f"It is sold in {currency}.")
        for index, currency in enumerate(error.currencies)
        if currency != error.currencies[0]
    ]
    return Refusal(422, "mixed-currencies", "An order is in one currency: make one for each.", errors=errors)


def _unknown_product(error: UnknownProduct) -> Exception:
    errors = [FieldError("/product_id", "unknown", "There is no such product, or it is not sold.")]
    return Refusal(422, "unknown-product", "There is no such product, or it is not sold.", errors=errors)


def _forbidden(error: Forbidden) -> Exception:
    then = f"it can become {', '.join(error.allowed)}" if error.allowed else "you cannot change that"
    detail = f"The order is {error.before}: {then}."
    return Refusal(
        409, "forbidden-transition", detail, members={"order_status": error.before, "allowed": error.allowed}
    )


_ANSWERS: dict[type[Exception], Callable[[Any], Exception]] = {
    UnknownOrder: lambda error: NotFound("You have no such order."),
    UnknownItem: lambda error: NotFound("The cart does not hold this product."),
    UnknownProduct: _unknown_product,
    OutOfStock: _out_of_stock,
    MixedCurrencies: _mixed_currencies,
    Forbidden: _forbidden,
    CartFull: _plain(409, "cart-full", "The cart holds as many products as one may hold."),
    CartChanged: _plain(409, "cart-changed", "The cart was changed or ordered in the same moment. Look at it again."),
    EmptyCart: _plain(422, "empty-cart", "There is nothing in the cart to order."),
    TotalTooLarge: _plain(422, "total-too-large", "The order costs more than can be said exactly."),
    OtherRequest: _plain(422, "idempotency-key-reused", "This Idempotency-Key was used for another request."),
    StillRunning: _plain(
        409, "still-running", "The request with this Idempotency-Key goes on. Ask again shortly.", wait=1
    ),
    StockNotConfirmed: _plain(
        409, "stock-not-confirmed", "The units are not confirmed yet. Try again shortly.", wait=RETRY_AFTER_SECONDS
    ),
    CatalogAway: _plain(
        503, "catalog-unavailable", "The catalog does not answer. Try again shortly.", wait=RETRY_AFTER_SECONDS
    ),
}


def refusal(error: Exception) -> Exception:
    """The answer to what a service raised; an exception that is no refusal comes back as it is."""
    answer = _ANSWERS.get(type(error))
    return answer(error) if answer else error
