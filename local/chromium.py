"""Chromium for the test of the dashboard, from the system's packages."""

import os
import shutil

from local.installation import STATE
from local.logged_command import run_logged
from local.steps import Steps

TITLE = "Chromium for the page test (apt-get install chromium)"


def install() -> None:
    """Install Chromium by apt-get where the machine has none. Raises StepFailed."""
    if shutil.which("chromium"):
        return
    log = STATE / "setup" / "chromium.log"
    advice = "install Chromium so that `chromium` is on the PATH, as root: apt-get install chromium"
    apt_get = ["apt-get", "--yes", "--quiet", "--no-install-recommends", "--option=DPkg::Lock::Timeout=120"]
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with Steps() as steps, steps.step(TITLE):
        run_logged([*apt_get, "update"], title=TITLE, log=log, advice=advice, env=env)
        run_logged([*apt_get, "install", "chromium"], title=TITLE, log=log, advice=advice, env=env)
