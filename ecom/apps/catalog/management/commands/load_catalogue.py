"""`manage.py load_catalogue FILE`: a catalogue from CSV, upserted in bulk, with a report for each row."""

import csv
import gzip
import os
import sys
import time
import zlib
from argparse import ArgumentTypeError
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, fields
from io import BufferedReader, TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import IO, Any, TextIO, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from ecom.apps.catalog.catalogue_csv import FORMATS, CatalogueReader, CellProblem, CheckedRow, UnfitFile
from ecom.apps.catalog.services.products import Outcome, settle_indexes, upsert_products

GZIP_MAGIC = b"\x1f\x8b"


@dataclass(slots=True)
class Report:
    """What became of the rows so far."""

    shown: int
    errors: "csv.DictWriter[str] | None"
    rows: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    skipped: int = 0
    reasons: Counter[tuple[bool, str, str]] = field(default_factory=Counter)
    first: list[CellProblem] = field(default_factory=list)

    def add(self, rows: Iterable[CheckedRow], outcomes: Iterable[Outcome]) -> None:
        self.outcomes.update(outcomes)
        for row in rows:
            self.rows += 1
            self.skipped += row.product is None
            for problem in row.problems:
                self._add_problem(problem)

    def _add_problem(self, problem: CellProblem) -> None:
        self.reasons[(problem.skipped, problem.column, problem.reason)] += 1
        if len(self.first) < self.shown:
            self.first.append(problem)
        if self.errors:
            self.errors.writerow(asdict(problem))

    def lines(self) -> Iterator[str]:
        """The report as text: totals, reasons, and the first problems."""
        taken = ", ".join(f"{self.outcomes[outcome]:,} {outcome}" for outcome in Outcome)
        yield f"{self.rows:,} rows: {taken}, {self.skipped:,} skipped"
        for (skipped, column, reason), count in sorted(self.reasons.items(), key=lambda item: (-item[0][0], -item[1])):
            yield f"  {count:,} {'skipped' if skipped else 'taken without it'}: {column or 'row'} {reason}"
        for problem in self.first:
            yield f"  line {problem.line} ({problem.product_id}): {problem.column} {problem.reason}: {problem.value!r}"


class Command(BaseCommand):
    help = "Load products from a CSV file (gzip accepted, - for stdin): create, update, or leave what is equal."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="the CSV file, or - for stdin")
        parser.add_argument("--format", choices=list(FORMATS), help="its columns' names; told by the header by default")
        parser.add_argument(
            "--column", action="append", type=_column, default=[], metavar="OURS=THEIRS", help="such as title=name"
        )
        parser.add_argument("--delimiter", default=",")
        parser.add_argument("--id-prefix", default="", help="put before each product id of the file")
        parser.add_argument("--currency", default="EUR", help="of the prices of a file without such a column")
        parser.add_argument("--default-stock", type=int, default=0, help="of new products, if the file has no column")
        parser.add_argument("--batch-size", type=int, default=1000, help="products in one transaction")
        parser.add_argument("--errors", type=Path, help="a CSV file to write every problem to")
        parser.add_argument("--show", type=int, default=10, help="how many problems to print")

    def handle(self, *, file: str, errors: Path | None, batch_size: int, show: int, **options: Any) -> None:
        started = time.perf_counter()
        with ExitStack() as stack:
            source = stack.enter_context(_binary(file))
            reader = _reader(source, options)
            report = Report(shown=show, errors=_errors_file(errors, stack))
            try:
                for rows in _with_progress(reader, batch_size, source, stack):
                    self._load(rows, report, options["default_stock"])
            finally:  # what is stored is stored, also where the file breaks off or the database goes away
                self._print(report, time.perf_counter() - started)
        if report.outcomes[Outcome.CREATED] + report.outcomes[Outcome.UPDATED]:
            settle_indexes()
        if report.skipped == report.rows:
            raise CommandError("No row was taken.")

    def _print(self, report: Report, seconds: float) -> None:
        self.stdout.write("\n".join(report.lines()))
        self.stdout.write(f"{seconds:.1f} s, {report.rows / seconds:,.0f} rows a second")

    def _load(self, rows: list[CheckedRow], report: Report, default_stock: int) -> None:
        products = [row.product for row in rows if row.product]
        outcomes = upsert_products(rows=products, new_stock=default_stock) if products else {}
        report.add(rows, outcomes.values())


def _reader(source: BufferedReader, options: dict[str, Any]) -> CatalogueReader:
    try:
        return CatalogueReader(
            _text(source),
            format_name=options["format"],
            columns=dict(options["column"]),
            currency=options["currency"],
            id_prefix=options["id_prefix"],
            delimiter=options["delimiter"],
        )
    except (UnfitFile, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise CommandError(str(error)) from error


def _column(argument: str) -> tuple[str, str]:
    ours, equals, theirs = argument.partition("=")
    if not (ours and equals and theirs):
        raise ArgumentTypeError(f"{argument!r} is not OURS=THEIRS")
    return ours, theirs


def _binary(file: str) -> BufferedReader:
    try:
        return cast(BufferedReader, sys.stdin.buffer) if file == "-" else Path(file).open("rb")
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from error


def _text(source: BufferedReader) -> TextIO:
    """Bytes that are not UTF-8 become lone surrogates, so that only their own row is skipped."""
    raw = gzip.GzipFile(fileobj=source) if source.peek(2).startswith(GZIP_MAGIC) else source
    return TextIOWrapper(cast(IO[bytes], raw), encoding="utf-8-sig", errors="surrogateescape", newline="")


def _errors_file(path: Path | None, stack: ExitStack) -> "csv.DictWriter[str] | None":
    if path is None:
        return None
    file = stack.enter_context(path.open("w", encoding="utf-8", newline=""))
    writer = csv.DictWriter(file, [column.name for column in fields(CellProblem)])
    writer.writeheader()
    return writer


def _with_progress(
    reader: CatalogueReader, size: int, source: BufferedReader, stack: ExitStack
) -> Iterator[list[CheckedRow]]:
    """The rows in batches; the bar follows the bytes read, where there is a file to measure."""
    total = os.fstat(source.fileno()).st_size if source.seekable() else None
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    progress = stack.enter_context(Progress(*columns, console=Console(stderr=True)))
    task = progress.add_task("loading", total=total)
    rows = iter(reader)
    while batch := _next_batch(rows, size, reader):
        yield batch
        progress.update(task, completed=source.tell() if total else None, description=f"line {reader.line:,}")


def _next_batch(rows: Iterator[CheckedRow], size: int, reader: CatalogueReader) -> list[CheckedRow]:
    try:
        return list(islice(rows, size))
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise CommandError(f"The file breaks off after line {reader.line}: {error}") from error
