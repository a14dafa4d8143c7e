"""The process of the stack that serves the queue of uploads with the import function."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from local.servers.server import REPOSITORY


@contextmanager
def running_function(environment: Mapping[str, str], log: Path) -> Iterator[None]:
    """Serve the queue meanwhile, and end well. `environment` is of `import_variables`."""
    command = [sys.executable, "-m", "local", "import-function"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=output, stderr=output)
    try:
        yield
    finally:
        process.terminate()
        assert process.wait(timeout=20) == 0, log.read_text()
