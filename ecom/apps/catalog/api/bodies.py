"""Bodies as they come in, checked with msgspec, which takes a hundredth of what serializers take for a batch."""

from collections import Counter
from typing import Annotated, Any

from msgspec import Meta, Struct

from ecom.apps.catalog.models import ORDER_ID_PATTERN, PRODUCT_ID_PATTERN
from ecom.common.bodies import invalid
from ecom.common.problems import FieldError

MAX_LINES = 100
MAX_QUANTITY = 1000
MAX_ORDERS = 500
MAX_PRODUCTS = 1000

ProductId = Annotated[str, Meta(pattern=rf"\A{PRODUCT_ID_PATTERN}\Z")]
OrderId = Annotated[str, Meta(pattern=rf"\A{ORDER_ID_PATTERN}\Z")]


class ReservationLineBody(Struct, frozen=True, forbid_unknown_fields=True):
    product_id: ProductId
    quantity: Annotated[int, Meta(ge=1, le=MAX_QUANTITY)]


class ReservationBody(Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT /internal/reservations/{order_id}`."""

    lines: Annotated[list[ReservationLineBody], Meta(min_length=1, max_length=MAX_LINES)]

    def units(self) -> dict[str, int]:
        """The quantities by product. Raises Refusal (400) where a product has two lines."""
        units = {line.product_id: line.quantity for line in self.lines}
        if len(units) < len(self.lines):
            raise invalid(list(self._repeated()))
        return units

    def _repeated(self) -> list[FieldError]:
        seen = Counter[str]()
        errors = []
        for index, line in enumerate(self.lines):
            if seen[line.product_id]:
                errors.append(FieldError(f"/lines/{index}/product_id", "duplicate", "The product has a line already."))
            seen[line.product_id] += 1
        return errors


class OrdersBody(Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /internal/reservations/confirm` and `…/release`."""

    order_ids: Annotated[list[OrderId], Meta(min_length=1, max_length=MAX_ORDERS)]


class ProductsBody(Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /products/bulk`: its products are checked one by one."""

    products: Annotated[list[Any], Meta(min_length=1, max_length=MAX_PRODUCTS)]
