"""`make stop` and `make clean`: nothing of a stack is left running, whatever became of its parent."""

import shutil
import signal

from local.process_sessions import end_marked
from local.stack import MARKER, STATE, Stack
from local.steps import Steps

SUPERVISOR_SECONDS = 120
LEFTOVER_SECONDS = 30


def shut_down(stack: Stack) -> None:
    """Stop a stack wholly: its supervisor, which stops the rest, then whatever is left."""
    with Steps() as steps:
        if supervisor := stack.supervisor:
            with steps.step(f"Stopping the stack at port offset {stack.offset}"):
                supervisor.end(signum=signal.SIGTERM, grace=SUPERVISOR_SECONDS)
        left = end_leftovers(stack)
        if left:
            steps.note(f"  ended {left} processes that an earlier run had left behind")
        elif not supervisor:
            steps.note(f"No stack runs at port offset {stack.offset}.")


def end_leftovers(stack: Stack) -> int:
    """Stop the processes and then the servers that a killed supervisor left; return how many there were."""
    left = len(end_marked(MARKER, str(stack.directory), grace=LEFTOVER_SECONDS))
    for recorded_time in (False, True):
        for server in Stack(stack.offset, recorded_time).servers:
            left += server.process is not None
            server.stop()
    stack.ready_file.unlink(missing_ok=True)
    return left


def remove_state() -> None:
    """Stop every stack and remove its data, logs and records. Environments, jars and credentials stay."""
    for directory in sorted(STATE.glob("run-*")):
        shut_down(Stack(int(directory.name.removeprefix("run-"))))
        shutil.rmtree(directory)
        print(f"  removed {directory}")
