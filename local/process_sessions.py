"""Which processes belong together: by their session, or by a variable in the environment they were started with."""

import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path


def end_session(session: int, *, grace: float = 5) -> None:
    """End what is left of a session: SIGTERM, then SIGKILL after `grace` seconds."""
    _end(lambda: [pid for pid in _processes() if _session_of(pid) == session], grace)


def end_marked(variable: str, value: str, *, grace: float) -> list[int]:
    """End every other process that was started with `variable=value`; return the ids there were."""
    return _end(lambda: marked(variable, value), grace)


def marked(variable: str, value: str) -> list[int]:
    """The ids of the other processes that were started with `variable=value`."""
    needle = f"{variable}={value}".encode()
    return [pid for pid in _processes() if pid != os.getpid() and needle in _environment_of(pid)]


def _end(find: Callable[[], list[int]], grace: float) -> list[int]:
    found = find()
    _signal(found, signal.SIGTERM)
    if not _gone(find, grace):
        _signal(find(), signal.SIGKILL)
        _gone(find, 5)
    return found


def _gone(find: Callable[[], list[int]], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while find():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _signal(pids: Iterable[int], signum: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signum)


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]


def _session_of(pid: int) -> int | None:
    """The session of a live process; None for one that has ended, a zombie included."""
    with suppress(OSError):
        # The command name, in brackets, may hold spaces: count the fields from behind it.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if fields[0] in "ZX" else int(fields[3])
    return None


def _environment_of(pid: int) -> list[bytes]:
    with suppress(OSError):  # it ended meanwhile, or belongs to another user
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return []
