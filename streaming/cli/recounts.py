"""Commands that count a range of finished windows again: to compare, and to mend."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from streaming.cli.command import command, json_flag, say_aside, show
from streaming.failures import DIFFERENT
from streaming.options import Resolved
from streaming.verify import Difference

SHOWN = 20


class Minute(click.ParamType):
    """A whole minute in UTC, as milliseconds since 1970."""

    name = "minute"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """`2025-11-23T12:40:00Z`, also without the seconds."""
        from streaming.recount import MINUTE_MS, Invalid, milliseconds

        text = str(value)
        try:
            moment = milliseconds(text if text.count(":") > 1 else text.replace("Z", ":00Z"))
        except Invalid:
            moment = None
        if moment is None or moment % MINUTE_MS:
            self.fail(f"{value!r} is not a whole minute such as 2025-11-23T12:40:00Z", param, ctx)
        return moment


from_option = click.option("--from", "start", type=Minute(), required=True, help="The first window.")
to_option = click.option("--to", "end", type=Minute(), required=True, help="The end: the first window not looked at.")


@command(
    "  python -m streaming verify --from 2025-11-23T12:00Z --to 2025-11-23T13:00Z\n"
    "  python -m streaming verify --from 2025-11-23T12:00Z --to 2025-11-23T13:00Z --no-strays   # of a large table"
)
@from_option
@to_option
@click.option("--strays/--no-strays", default=True, show_default=True,
              help="Read the whole table, for items of products without events in the range.")  # fmt: skip
@json_flag
def verify(resolved: Resolved, start: int, end: int, strays: bool, as_json: bool) -> None:
    """Recount a range from the topic in plain Python and compare it with DynamoDB; exit code 6 if they differ.

    The windows must be final: no job of the group can still write them. Every item of the range that differs, is
    missing, or that nobody counted is shown; for the last kind DynamoDB reads, and bills, the whole table once.
    """
    from streaming import verify as verification

    verification.check_range(resolved.options, start, end)
    found = verification.compare(resolved.options, start, end, strays=strays)
    _answer({"items": found.items}, {"differences": found.differences}, as_json)
    if found.differences:
        sys.exit(DIFFERENT)


@command(
    "  python -m streaming backfill --from 2025-11-23T12:00Z --to 2025-11-23T13:00Z --json\n"
    "  python -m streaming backfill --from 2025-11-23T12:00Z --to 2025-11-23T13:00Z --file 2025-11-23T12.jsonl.gz"
)
@from_option
@to_option
@click.option("--file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Records that `archive` wrote, in the place of the topic's.")  # fmt: skip
@json_flag
def backfill(resolved: Resolved, start: int, end: int, file: Path | None, as_json: bool) -> None:
    """Count a range again with the job's own SQL, in batch mode, and overwrite its items.

    Refuses windows that the live job can still write. Says what it changed; exit code 6 if anything still differs
    from a recount. The windows go to the topic of finished windows once more; late and dead records do not.
    """
    from streaming import backfill as batch

    found = batch.backfill(resolved.options, start, end, file, say_aside)
    _answer({"items": found.items}, {"changed": found.changed, "remaining": found.remaining}, as_json)
    if found.remaining:
        sys.exit(DIFFERENT)


@command("  python -m streaming archive --from 2025-11-23T12:00Z --to 2025-11-23T13:00Z --file 2025-11-23T12.jsonl.gz")
@from_option
@to_option
@click.option("--file", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write.")
@json_flag
def archive(resolved: Resolved, start: int, end: int, file: Path, as_json: bool) -> None:
    """Write the records of a range to a file, for a backfill when Kafka has forgotten them."""
    from streaming import archive as archives

    show({"records": archives.write(resolved.options, start, end, file)}, as_json)


def _answer(numbers: dict[str, Any], lists: dict[str, list[Difference]], as_json: bool) -> None:
    if as_json:
        show(numbers | {name: [asdict(each) for each in differences] for name, differences in lists.items()}, True)
        return
    show(numbers | {name: len(differences) for name, differences in lists.items()}, False)
    for name, differences in lists.items():
        for each in differences[:SHOWN]:
            click.echo(f"{name}: {each.table} {' '.join(each.key)}: {each.found} must be {each.expected}")


COMMANDS = (verify, backfill, archive)
