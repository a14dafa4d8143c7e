"""`python -m bench [NAME …]`: run the benchmarks (all without a name) and write `bench/results/`."""

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial

from bench import (
    analytics,
    bulk,
    catalog,
    exactness,
    far_dynamodb,
    far_kafka,
    freshness,
    imports,
    ingest,
    k6,
    load,
    memory,
    recycling,
    replay,
    results,
    shop,
    streaming_job,
)
from bench.measured_stack import running
from local.stack import Stack

LIVE: dict[str, Callable[[Stack], None]] = {
    "memory": memory.run,
    "catalog": catalog.run,
    "freshness": freshness.run,
    "ingest": ingest.run,
    "k6": k6.run,
    "analytics": analytics.run,
    "bulk": bulk.run,
    "imports": imports.run,
    "shop": shop.run,  # the last: it leaves a thousand products
}
RECORDED: dict[str, Callable[[Stack], None]] = {"replay": replay.run}
ALONE: dict[str, Callable[[], None]] = {
    "streaming": streaming_job.run,
    "scaling": streaming_job.run_scaling,
    "partitions": streaming_job.run_partitions,
    "exactness": exactness.run,
    "far-dynamodb": far_dynamodb.run,
    "recycling": recycling.run,
    "far-kafka": far_kafka.run,
}
NAMES = (*ALONE, *LIVE, *RECORDED)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(NAMES)}")
    names = parser.parse_args().names or NAMES
    if unknown := set(names) - set(NAMES):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}")
    load.ensure_wrk()
    for name in [name for name in ALONE if name in names]:
        _run(name, ALONE[name])
    for benchmarks, recorded_time in ((LIVE, False), (RECORDED, True)):
        if chosen := [name for name in benchmarks if name in names]:
            with running(recorded_time=recorded_time) as stack:
                for name in chosen:
                    _run(name, partial(benchmarks[name], stack))
    print(f"Written: {results.write_summary()}")
    return 0


def _run(name: str, benchmark: Callable[[], None]) -> None:
    print(f"{name} …", flush=True)
    started = time.perf_counter()
    benchmark()
    print(f"{name}: done in {time.perf_counter() - started:.0f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
