"""Rows in batches, cut at the same rows whenever the same file is read."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from serverless.product_bulk_import_lambda.rows import Row
from serverless.product_bulk_import_lambda.unfit import UnfitFile

MOST_ROWS = 1000  # as many as the shop takes
MOST_BYTES = 2 * 1024 * 1024


@dataclass(slots=True)
class Batch:
    """Rows in the order of the file, and the products among them as JSON."""

    rows: list[Row] = field(default_factory=list)
    products: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, row: Row) -> None:
        """Take one more row."""
        self.rows.append(row)
        self.size += sum(map(len, row.record.cells))
        if row.product:
            product = json.dumps(row.product, ensure_ascii=False).encode()
            self.products.append(product)
            self.size += len(product)

    @property
    def is_full(self) -> bool:
        """Whether the shop takes no more at once, or we keep no more in memory."""
        return len(self.rows) >= MOST_ROWS or self.size >= MOST_BYTES


def batches(rows: Iterator[Row], *, skip: int) -> Iterator[Batch]:
    """The rows behind the first `skip`, which are read all the same. UnfitFile comes after the rows before it."""
    batch = Batch()
    try:
        for row in islice(rows, skip, None):
            batch.add(row)
            if batch.is_full:
                yield batch
                batch = Batch()
    except UnfitFile:
        if batch.rows:
            yield batch
        raise
    if batch.rows:
        yield batch
