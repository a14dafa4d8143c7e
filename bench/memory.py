"""Memory of each process of the running platform, as proportional set size: shared pages are counted once."""

from collections import defaultdict
from collections.abc import Iterator

import psutil

from bench import results
from local.stack import MARKER, Stack


def run(stack: Stack) -> None:
    """Record the processes of the stack, summed by what they are."""
    sums: dict[str, list[float]] = defaultdict(list)
    for name, process in _processes(stack):
        try:
            sums[name].append(process.memory_full_info().pss / 2**20)
        except psutil.Error:
            continue  # ended meanwhile
    figures = [{"process": name, "count": len(sizes), "memory_mib": sum(sizes)} for name, sizes in sorted(sums.items())]
    results.record("memory", figures)


def _processes(stack: Stack) -> Iterator[tuple[str, psutil.Process]]:
    """Every process of the stack with what it is: a server's name, a service's, or the Flink job's."""
    for server in stack.servers:
        if recorded := server.process:
            parent = psutil.Process(recorded.pid)
            yield from ((server.name, process) for process in (parent, *parent.children(recursive=True)))
    for process in psutil.process_iter():
        try:
            variables = process.environ()
            if variables.get(MARKER) == str(stack.directory):
                yield _service(process, variables), process
        except psutil.Error:
            continue


def _service(process: psutil.Process, variables: dict[str, str]) -> str:
    command = " ".join(process.cmdline())
    if "awslambdaric" in command:
        return "import function"
    if "import-function" in command:
        return "supervision"
    if "ECOM_SERVICE" not in variables:
        return "Flink (JVM)" if "org.apache.flink" in command else "Flink (Python)"
    serves = "gunicorn" in command or "celery" in command
    return variables["ECOM_SERVICE"] if serves else "supervision"
