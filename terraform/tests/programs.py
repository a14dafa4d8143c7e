"""Programs of the long checks alone, installed when one of them runs."""

import sys

from local.installation import STATE
from local.logged_command import run_logged
from local.programs import GoProgram

TFLINT = GoProgram("github.com/terraform-linters/tflint", "v0.61.0", on_the_path=True)
CHECKOV = "checkov==3.3.30"
ENVIRONMENT = STATE / "programs" / CHECKOV
LOG = STATE / "setup" / "checkov.log"


def checkov() -> str:
    """The program, in an environment of its own: its dependencies are heavy, and not the platform's."""
    program = ENVIRONMENT / "bin" / "checkov"
    if not program.exists():
        pip = [ENVIRONMENT / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", "--no-input"]
        for command in ([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], [*pip, CHECKOV]):
            run_logged(command, title=CHECKOV, log=LOG, advice="look at the log and check the network.")
    return str(program)
