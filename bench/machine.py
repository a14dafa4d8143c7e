"""The machine that the figures belong to."""

import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Machine:
    """`memory_gib` is all of the machine's memory."""

    processor: str
    cores: int
    memory_gib: float
    system: str
    python: str
    java: str


def describe() -> Machine:
    """This machine, as the operating system tells it."""
    return Machine(
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)),
        memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        java=_java(),
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _java() -> str:
    java = shutil.which("java") or "java"
    return subprocess.run([java, "-version"], capture_output=True, text=True, check=True).stderr.splitlines()[0]
