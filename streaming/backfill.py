"""Counting a range of finished windows again: a batch job of the same statements, that overwrites them."""

import tempfile
import uuid
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from streaming import archive, job, preflight, submission, verify
from streaming.checkpoints import Start
from streaming.cluster import Cluster, end_leftovers
from streaming.flink_settings import embedded_settings, job_settings
from streaming.options import Options
from streaming.recount import kafka_times
from streaming.verify import Difference

Say = Callable[[str], None]
# The live job has sent these on when it read them; once is enough.
SINKS = ("product_analytics", "written_windows")
BATCH = {
    "rest.port": "0",  # any that is free: the live job may have its own on this machine
    "rest.bind-port": "0",
    "restart-strategy.type": "fixed-delay",
    "restart-strategy.fixed-delay.attempts": "3",
    "restart-strategy.fixed-delay.delay": "5 s",
}


@dataclass(frozen=True)
class Backfill:
    """What a backfill changed, and what still differs from a recount of the topic."""

    items: int
    changed: list[Difference]
    remaining: list[Difference]


def backfill(options: Options, start_ms: int, end_ms: int, file: Path | None, say: Say) -> Backfill:
    """Count the windows from `start_ms` to before `end_ms` again and overwrite their items.

    From the topic, or from a file that `archive` wrote. Refuses windows that the live job can still write. What changed
    is known by a recount before and after.
    """
    jars, partitions = preflight.find_jars(options), preflight.check(options)
    verify.check_range(options, start_ms, end_ms)
    read_from_ms, _ = kafka_times(options, start_ms, end_ms)
    start = Start(read_from_ms, start_ms, end_ms)
    with archive.in_kafka(options, start_ms, end_ms, file, partitions) if file else nullcontext(options) as own:
        before = verify.compare(own, start_ms, end_ms, strays=False)
        say(f"{len(before.differences)} of {before.items} items differ; counting all of them again")
        _run(own, jars, partitions, start, say)
        after = verify.compare(own, start_ms, end_ms, strays=False)
    return Backfill(after.items, [each for each in before.differences if each not in after.differences],
                    after.differences)  # fmt: skip


def _run(options: Options, jars: list[Path], partitions: int, start: Start, say: Say) -> None:
    """Run the batch job to its end on an embedded cluster of its own, as a reader whom no offset is kept for."""
    with tempfile.TemporaryDirectory() as name:
        directory, own = Path(name), replace(options, group_id=f"{options.group_id}-backfill")
        cluster = Cluster(directory, options.heap_mb)
        cluster.start()
        try:
            settings = job_settings(own) | embedded_settings(own, jars=jars) | BATCH
            environment = job.table_environment(settings, batch=True)
            run_id = str(uuid.uuid4())
            say(f"run {run_id} begins")
            statements = job.build(environment, own, start=start, partitions=partitions, run_id=run_id, sinks=SINKS)
            submission.wait(statements)
        finally:
            cluster.stop()
            end_leftovers(directory)
