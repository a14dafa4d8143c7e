"""`POST /products/bulk`: many products at once, with what became of each."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, cast

import prometheus_client
from rest_framework.request import Request
from rest_framework.response import Response

from ecom.apps.catalog.api.bodies import ProductsBody
from ecom.apps.catalog.api.product_bodies import checked_product
from ecom.apps.catalog.api.views import CatalogueView
from ecom.apps.catalog.services.bulk_writes import upsert_once
from ecom.apps.catalog.services.products import Outcome, ProductRow, upsert_products
from ecom.common.authentication import Principal
from ecom.common.bodies import converted
from ecom.common.idempotency_keys import checked_key
from ecom.common.parsing import JsonParser
from ecom.common.problems import FieldError

MAX_BYTES = 5 * 1024 * 1024  # as much as the gateway lets through
REJECTED = "rejected"
OUTCOMES = (*(outcome.value for outcome in Outcome), REJECTED)

ROWS = prometheus_client.Counter("ecom_catalog_bulk_rows", "Products of bulk requests by outcome.", ["outcome"])

CheckedRow = ProductRow | list[FieldError]


class LargeJsonParser(JsonParser):
    max_bytes = MAX_BYTES


class ProductBulk(CatalogueView):
    """Up to 1,000 products are created or brought up to date; one that is wrong keeps back none of the others.

    Members that a product does not have stay as they are. The same again changes nothing; under the same
    Idempotency-Key not even a stock from which units were sold since.
    """

    parser_classes = (LargeJsonParser,)

    def post(self, request: Request) -> Response:
        rows = _checked_rows(converted(request.data, ProductsBody).products)
        products = [row for row in rows if isinstance(row, ProductRow)]
        outcomes = _outcomes(request, products)
        results = [_result(index, row, outcomes) for index, row in enumerate(rows)]
        counts = Counter(result["outcome"] for result in results)
        for outcome, number in counts.items():
            ROWS.labels(outcome).inc(number)
        return Response({"counts": {name: counts[name] for name in OUTCOMES}, "results": results})


def _outcomes(request: Request, products: Sequence[ProductRow]) -> Mapping[str, Outcome]:
    """What became of each product; under an Idempotency-Key, what became of it the first time."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return upsert_products(rows=products) if products else {}
    key = checked_key(key, "The header Idempotency-Key has 8 to 64 visible characters, new for each batch.")
    return upsert_once(key=f"{cast(Principal, request.user).subject} {key}", rows=products)


def _checked_rows(documents: Sequence[object]) -> list[CheckedRow]:
    """Each product, or all that is wrong with it. The first row of an id counts, as in a file."""
    rows: list[CheckedRow] = []
    first: dict[str, int] = {}
    for index, document in enumerate(documents):
        row = checked_product(document, pointer=f"/products/{index}")
        if isinstance(row, ProductRow) and (earlier := first.setdefault(row.product_id, index)) != index:
            row = [FieldError(f"/products/{index}/product_id", "duplicate", f"The product is at /products/{earlier}.")]
        rows.append(row)
    return rows


def _result(index: int, row: CheckedRow, outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    if isinstance(row, ProductRow):
        return {"index": index, "product_id": row.product_id, "outcome": outcomes[row.product_id].value}
    return {"index": index, "outcome": REJECTED, "errors": [asdict(error) for error in row]}
