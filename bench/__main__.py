"""`python -m bench [NAME …]`: run the benchmarks (all without a name) and write `bench/results/`."""

import argparse
import sys
import time
from collections.abc import Callable

from bench import catalog, freshness, ingest, load, memory, replay, results, streaming_job
from bench.measured_stack import running
from local.stack import Stack

LIVE: dict[str, Callable[[Stack], None]] = {
    "memory": memory.run,
    "catalog": catalog.run,
    "freshness": freshness.run,
    "ingest": ingest.run,
    "streaming": streaming_job.run,
}
RECORDED: dict[str, Callable[[Stack], None]] = {"replay": replay.run}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join({**LIVE, **RECORDED})}")
    names = parser.parse_args().names or [*LIVE, *RECORDED]
    if unknown := set(names) - {*LIVE, *RECORDED}:
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}")
    load.ensure_wrk()
    for benchmarks, recorded_time in ((LIVE, False), (RECORDED, True)):
        if chosen := [name for name in benchmarks if name in names]:
            with running(recorded_time=recorded_time) as stack:
                for name in chosen:
                    _run(name, benchmarks[name], stack)
    print(f"Written: {results.write_summary()}")
    return 0


def _run(name: str, benchmark: Callable[[Stack], None], stack: Stack) -> None:
    print(f"{name} …", flush=True)
    started = time.perf_counter()
    benchmark(stack)
    print(f"{name}: done in {time.perf_counter() - started:.0f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
