"""What the services refuse, as answers."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from rest_framework.exceptions import NotFound

from ecom.apps.catalog.selectors import UnknownProduct
from ecom.apps.catalog.services.bulk_writes import OtherBatch
from ecom.apps.catalog.services.products import ChangedMeanwhile, ProductExists
from ecom.apps.catalog.services.reservations import OutOfStock, ReservationDiffers, ReservationEnded, Shortage
from ecom.common.problems import FieldError, Refusal


def out_of_stock(error: OutOfStock, product_ids: Sequence[str]) -> Refusal:
    """Names the lines that are short; `product_ids` are those of the lines as they were sent."""
    shortages = [{name: value for name, value in asdict(short).items() if name != "known"} for short in error.shortages]
    return Refusal(
        409,
        "out-of-stock",
        "Not every line can be delivered; nothing was reserved.",
        errors=[_short_line(short, product_ids.index(short.product_id)) for short in error.shortages],
        members={"shortages": shortages},
    )


def _short_line(short: Shortage, index: int) -> FieldError:
    if not short.known:
        return FieldError(f"/lines/{index}/quantity", "unknown", f"{short.product_id} is not for sale.")
    return FieldError(f"/lines/{index}/quantity", "short", f"{short.available} of {short.product_id} are left.")


def _reservation_ended(error: ReservationEnded) -> Refusal:
    detail = f"The reservation of this order is {error.state}; it cannot be made again."
    return Refusal(409, "reservation-ended", detail, members={"state": error.state})


_ANSWERS: dict[type[Exception], Callable[[Any], Exception]] = {
    UnknownProduct: lambda error: NotFound(f"There is no product {error}."),
    ProductExists: lambda error: Refusal(409, "product-exists", "There is a product of this id already."),
    ChangedMeanwhile: lambda error: Refusal(
        412, "precondition-failed", "The product was changed since you read it. Read it again."
    ),
    ReservationDiffers: lambda error: Refusal(409, "reservation-differs", "This order has reserved other units."),
    ReservationEnded: _reservation_ended,
    OtherBatch: lambda error: Refusal(
        422, "idempotency-key-reused", "This Idempotency-Key was used for another batch."
    ),
}


def refusal(error: Exception) -> Exception:
    """The answer to what a service raised; an exception that is no refusal comes back as it is."""
    answer = _ANSWERS.get(type(error))
    return answer(error) if answer else error
