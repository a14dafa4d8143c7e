"""Steps with progress and elapsed time on the terminal, in sequence or side by side. Standard library only."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

REPORT_SECONDS = 15
ERASE_LINE = "\r\x1b[K"


class StepFailed(Exception):
    """A step failed: what, why (the end of a log, as a rule) and what to do next."""

    def __init__(self, title: str, reason: str, advice: str = "") -> None:
        super().__init__(f"{title} failed")
        self.title = title
        self.reason = reason
        self.advice = advice

    def explanation(self) -> str:
        """The text for the person who started it."""
        advice = f"\n\nWhat to do: {self.advice}" if self.advice else ""
        return f"\nFAILED: {self.title}\n\n{self.reason}{advice}\n"


class Steps:
    """Prints one line for each finished step, and says every now and then which ones are still running."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out = out
        self._live = out.isatty()
        self._started = time.monotonic()
        self._running: dict[str, float] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()

    def __enter__(self) -> "Steps":
        threading.Thread(target=self._report, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        self._print("")

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Time the block under a title. Other steps may run at the same time."""
        begun = time.monotonic()
        with self._lock:
            self._running[title] = begun
        mark = "✗"
        try:
            yield
            mark = "✓"
        finally:
            with self._lock:
                del self._running[title]
            self._print(f"  {mark} {title:<58} {time.monotonic() - begun:6.1f} s")

    def note(self, text: str) -> None:
        """Print a line between the steps."""
        self._print(text)

    @property
    def elapsed(self) -> float:
        """Seconds since the first step."""
        return time.monotonic() - self._started

    def _print(self, line: str) -> None:
        with self._lock:
            erase = ERASE_LINE if self._live else ""
            end = "\n" if line else ""
            self._out.write(f"{erase}{line}{end}")
            self._out.flush()

    def _report(self) -> None:
        while not self._closed.wait(0.5 if self._live else REPORT_SECONDS):
            with self._lock:
                now = time.monotonic()
                running = ", ".join(f"{title} ({now - begun:.0f} s)" for title, begun in self._running.items())
                if running:
                    self._out.write(f"{ERASE_LINE}  … {running[:110]}" if self._live else f"  … {running}\n")
                    self._out.flush()


def tail(path: Path, lines: int = 25) -> str:
    """The last lines of a log under a heading that names it."""
    try:
        end = path.read_text(errors="replace").splitlines()[-lines:]
    except OSError:
        end = ["(there is none)"]
    return "\n".join([f"The end of {path}:", *(f"  | {line}" for line in end)])
