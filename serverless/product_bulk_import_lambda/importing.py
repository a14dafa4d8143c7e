"""One run of an import: rows are read, sent in batches and settled in the file's order, and the record is kept."""

import hashlib
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from serverless.product_bulk_import_lambda import progress as states
from serverless.product_bulk_import_lambda.batches import Batch, batches
from serverless.product_bulk_import_lambda.error_file import ErrorFile
from serverless.product_bulk_import_lambda.layout import Layout
from serverless.product_bulk_import_lambda.mapping import MAX_BYTES, Mapping, mapping_key, mapping_of
from serverless.product_bulk_import_lambda.notifications import Upload
from serverless.product_bulk_import_lambda.opened_file import OpenedFile, opened
from serverless.product_bulk_import_lambda.progress import Busy, Ledger, Progress
from serverless.product_bulk_import_lambda.reporting import figures, report
from serverless.product_bulk_import_lambda.rows import Problem, Row
from serverless.product_bulk_import_lambda.seen import SeenIds
from serverless.product_bulk_import_lambda.shop import REJECTED, Outcome, Shop, ShopUnavailable
from serverless.product_bulk_import_lambda.source import StoredObject, unzipped
from serverless.product_bulk_import_lambda.unfit import UnfitFile

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SAVED_SECONDS = 2.0
# What is left of a run for settling and saving when it stops reading: a call of the shop takes up to 35 s.
MARGIN_SECONDS = 45.0
# Members of the shop's products -> the columns that they may come from.
_COLUMNS_OF = {"price": ("price", "price_amount"), "category_path": ("category", "category_path")}


@dataclass(frozen=True, slots=True)
class Limits:
    """`remaining` gives the seconds until the runtime ends us; `currency` is of prices that do not say theirs."""

    remaining: Callable[[], float]
    in_flight: int
    currency: str


class Import:
    """A run of the import of one object."""

    def __init__(self, s3: "S3Client", shop: Shop, upload: Upload, *, reports_bucket: str, limits: Limits) -> None:
        """Raises ObjectGone."""
        self._s3, self._shop, self._limits = s3, shop, limits
        self._stored = StoredObject(s3, upload)
        self._ledger = Ledger(s3, reports_bucket, key=upload.key, version=self._stored.version)
        self._name = hashlib.sha256(f"{upload.bucket}/{self._ledger.name}".encode()).hexdigest()[:24]
        self._margin = min(MARGIN_SECONDS, limits.remaining() / 4)
        self._saved_at = time.monotonic()

    @property
    def upload(self) -> Upload:
        """The object by its version, where its bucket has versions."""
        return self._stored.upload

    def run(self) -> Progress:
        """The record as this run leaves it: over, or waiting for the next run.

        Raises Busy, ShopRefused, and ShopUnavailable where no row was settled; whoever comes next goes on from there.
        """
        upload, size = self._stored.upload, self._stored.size
        new = Progress(upload.bucket, upload.key, self._stored.version, size, started_at=states.now())
        progress = self._ledger.claim(new, lease_seconds=self._limits.remaining())
        if not progress.is_over:
            self._work(progress)
        return progress

    def _work(self, progress: Progress) -> None:
        before = figures(progress)
        try:
            self._settle_all(progress)
        except UnfitFile as unfit:
            self._finish(progress, states.FAILED, str(unfit))
        except Busy:
            raise
        except Exception as error:
            self._leave(progress, f"{type(error).__name__}: {error}")
            if not isinstance(error, ShopUnavailable) or progress.rows_read == before["rows_read"]:
                raise
        else:
            if self._is_late():
                self._leave(progress, "The next run goes on from here.")
            else:
                self._finish(progress, states.FINISHED)
        finally:
            report(before, progress)

    def _settle_all(self, progress: Progress) -> None:
        """Bring what is left of the file into the shop, or as much as there is time for."""
        mapping = self._mapping(progress)
        file = opened(unzipped(self._stored.pieces()), mapping, currency=self._limits.currency)
        _describe(progress, mapping, file)
        settlement = Settlement(progress, ErrorFile(self._s3, self._ledger, progress), file.layout)
        try:
            with SeenIds() as seen, ThreadPoolExecutor(self._limits.in_flight) as pool:
                self._send_all(batches(file.rows(seen), skip=progress.rows_read), pool, settlement)
        finally:
            settlement.write_errors()

    def _mapping(self, progress: Progress) -> Mapping:
        """The mapping file as it was when the import began."""
        if progress.encoding:
            return Mapping(**progress.mapping)
        try:
            stored = self._s3.get_object(Bucket=progress.bucket, Key=mapping_key(progress.key))
        except ClientError as error:
            if error.response["Error"]["Code"] in states.ABSENT:
                return Mapping()
            raise
        return mapping_of(stored["Body"].read(MAX_BYTES))

    def _send_all(self, source: Iterator[Batch], pool: ThreadPoolExecutor, settlement: "Settlement") -> None:
        """Several batches are on their way at a time, and settled in their order, until the time is up."""
        flying: deque[tuple[Batch, Future[list[Outcome]]]] = deque()
        until = time.monotonic() + self._limits.remaining() - self._margin / 2
        broken_off: UnfitFile | None = None
        try:
            while not self._is_late() and (batch := next(source, None)):
                flying.append((batch, self._sent(batch, pool, until)))
                if len(flying) > self._limits.in_flight:
                    self._settle(*flying.popleft(), settlement)
        except UnfitFile as error:
            broken_off = error
        while flying:
            self._settle(*flying.popleft(), settlement)
        if broken_off:
            raise broken_off

    def _sent(self, batch: Batch, pool: ThreadPoolExecutor, until: float) -> "Future[list[Outcome]]":
        """The same rows of the same object have the same name in every run."""
        name = f"{self._name}-{batch.rows[0].record.line}"
        return pool.submit(self._shop.upsert, batch.products, name=name, until=until)

    def _settle(self, batch: Batch, sent: "Future[list[Outcome]]", settlement: "Settlement") -> None:
        settlement.add(batch, sent.result())
        if settlement.errors.is_full or time.monotonic() - self._saved_at > SAVED_SECONDS:
            settlement.write_errors()
            self._save(settlement.progress)

    def _is_late(self) -> bool:
        return self._limits.remaining() < self._margin

    def _save(self, progress: Progress) -> None:
        """Raises Busy where the import is not ours any more."""
        now = time.monotonic()
        progress.duration_seconds += now - self._saved_at
        progress.rows_per_second = progress.rows_read / max(progress.duration_seconds, 0.001)
        progress.bytes_read = self._stored.bytes_read
        self._saved_at = now
        self._ledger.save(progress)

    def _finish(self, progress: Progress, status: str, reason: str = "") -> None:
        if progress.error_parts:
            progress.errors_key = ErrorFile(self._s3, self._ledger, progress).put_together(progress.error_parts)
        progress.status, progress.reason, progress.lease_until = status, reason, 0.0
        self._save(progress)

    def _leave(self, progress: Progress, reason: str) -> None:
        progress.status, progress.reason, progress.lease_until = states.WAITING, reason, 0.0
        self._save(progress)


class Settlement:
    """What became of the rows: counted, and written to the error file where they were not taken."""

    def __init__(self, progress: Progress, errors: ErrorFile, layout: Layout) -> None:
        self.progress, self.errors = progress, errors
        self._layout = layout
        self._part_from = progress.rows_read

    def add(self, batch: Batch, outcomes: list[Outcome]) -> None:
        """Settle a batch, all of it; `outcomes` are of its products."""
        answers = iter(outcomes)
        for row in batch.rows:
            outcome = next(answers) if row.product else Outcome(REJECTED)
            setattr(self.progress, outcome.kind, getattr(self.progress, outcome.kind) + 1)
            if outcome.kind == REJECTED:
                self.errors.add(row, row.problems or [self._problem(row, *error) for error in outcome.errors])
        self.progress.rows_read += len(batch.rows)

    def write_errors(self) -> None:
        """Store the rows that were not taken since the last time; before the record says that they are settled."""
        if self.errors.write_part(self._part_from):
            self.progress.error_parts.append(self._part_from)
        self._part_from = self.progress.rows_read

    def _problem(self, row: Row, member: str, detail: str) -> Problem:
        """What the shop says about a row, in the words of the file."""
        columns = _COLUMNS_OF.get(member, (member,))
        column = next((name for name in columns if name in self._layout.positions), member)
        position = self._layout.positions.get(column)
        value = row.record.cells[position] if position is not None else ""
        return Problem(self._layout.name(column), value, detail.removeprefix(f"{member} ").rstrip("."))


def _describe(progress: Progress, mapping: Mapping, file: OpenedFile) -> None:
    """Write down how the file is read."""
    layout = file.layout
    progress.mapping, progress.encoding = mapping.document(), file.encoding
    progress.delimiter, progress.decimal = layout.delimiter, layout.decimal
    progress.columns = {ours: layout.header[position] for ours, position in layout.positions.items()}
    progress.header = list(layout.header)
