"""The programs that only tests need, from the system's packages."""

import os
import shutil

from local.installation import STATE
from local.logged_command import run_logged
from local.steps import Steps

PROGRAMS = {"chromium": "the pages", "jq": "the walk-through"}  # and what is tested with each
TITLE = "Programs of the tests (apt-get install)"


def install() -> None:
    """Install by apt-get what the machine does not have. Raises StepFailed."""
    absent = [program for program in PROGRAMS if not shutil.which(program)]
    if not absent:
        return
    log = STATE / "setup" / "test-programs.log"
    advice = f"install {' and '.join(absent)} so that they are on the PATH, as root: apt-get install {' '.join(absent)}"
    apt_get = ["apt-get", "--yes", "--quiet", "--no-install-recommends", "--option=DPkg::Lock::Timeout=120"]
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with Steps() as steps, steps.step(TITLE):
        run_logged([*apt_get, "update"], title=TITLE, log=log, advice=advice, env=env)
        run_logged([*apt_get, "install", *absent], title=TITLE, log=log, advice=advice, env=env)
