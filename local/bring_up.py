"""`make run`: starts the servers, supervises the services and the Flink job, and stops all of it cleanly."""

import shlex
import signal
import sys
import threading
import time
from contextlib import ExitStack

import honcho.manager
from honcho.printer import Message, Printer

from local.addresses import where_to_look
from local.backends import start_backends
from local.only_one import only_one
from local.processes import commands, environment
from local.readiness import Readiness, Stopped
from local.servers.server import REPOSITORY
from local.stack import Stack
from local.steps import StepFailed, Steps

# Longer than a supervised process is given to stop: honcho's SIGKILL is for what hangs even then.
honcho.manager.KILL_WAIT = 60
ASKED_TO_STOP = (128 + signal.SIGINT, 128 + signal.SIGTERM)


def bring_up(stack: Stack) -> None:
    """Run the stack until it is told to stop, and leave nothing running. Raises StepFailed."""
    begun = time.monotonic()
    with only_one(stack), ExitStack() as cleanup:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        _keep_earlier_logs(stack)
        cleanup.callback(_stop_servers, stack)
        try:
            with Steps() as steps:
                steps.note(f"Starting the stack at port offset {stack.offset} (state and logs: {stack.directory})")
                start_backends(stack, steps)
            _Supervisor(stack, begun=begun).run()
        except KeyboardInterrupt:  # before the supervisor took over the signals
            print("Stopped.", flush=True)


class _Supervisor:
    """honcho with the stack's processes, and beside it a thread that waits until they are ready."""

    def __init__(self, stack: Stack, *, begun: float) -> None:
        self._stack = stack
        self._begun = begun
        self._over = threading.Event()
        self._failure: StepFailed | None = None
        self._manager = _Manager(_Console(sys.stdout))
        for name, command in commands(stack).items():
            log = str(stack.log(name))
            self._manager.add_process(
                name,
                f"exec {shlex.quote(sys.executable)} -m local supervise --log {shlex.quote(log)} -- {command}",
                env=environment(name, stack),
                cwd=str(REPOSITORY),
            )

    def run(self) -> None:
        """Supervise until a signal comes or a process keeps failing."""
        watcher = threading.Thread(target=self._await_readiness)
        try:
            watcher.start()
            self._manager.loop()
        finally:
            self._over.set()
            self._manager.forked.set()
            self._stack.ready_file.unlink(missing_ok=True)
            watcher.join()
        if self._failure:
            raise self._failure
        if self._manager.returncode not in ASKED_TO_STOP:
            raise StepFailed("A supervised process", "It kept ending by itself; its log is quoted above.")

    def _await_readiness(self) -> None:
        self._manager.forked.wait()
        readiness = Readiness(self._stack, over=self._over)
        try:
            with Steps() as steps:
                readiness.wait(steps)
        except Stopped:
            return
        except StepFailed as failure:
            self._failure = failure
            self._manager.terminate()
            return
        self._stack.ready_file.write_text(f"{time.time()}\n")
        print(f"\nReady after {time.monotonic() - self._begun:.0f} s.\n{where_to_look(self._stack)}", flush=True)


class _Manager(honcho.manager.Manager):  # type: ignore[misc]  # honcho is untyped
    """honcho's manager that says when it has forked: no other process may be started at the same moment.

    Its forks would inherit the pipe by which `subprocess` learns that a child runs, and keep it open for good.
    """

    def __init__(self, printer: Printer) -> None:
        super().__init__(printer)
        self.forked = threading.Event()

    def _start(self) -> None:
        super()._start()
        self.forked.set()


class _Console(Printer):  # type: ignore[misc]  # honcho is untyped
    """Prints what supervised processes say about themselves, without honcho's own chatter."""

    def write(self, message: Message) -> None:
        if message.name != honcho.manager.SYSTEM_PRINTER_NAME:
            super().write(message)
        elif "received" in message.data:
            print("\nStopping the services and the Flink job", flush=True)


def _stop_servers(stack: Stack) -> None:
    for server in reversed(stack.servers):
        server.stop()


def _keep_earlier_logs(stack: Stack) -> None:
    """Logs begin with the start; those of the start before are kept beside them."""
    logs = stack.directory / "logs"
    logs.mkdir(exist_ok=True)
    for log in logs.glob("*.log"):
        log.replace(log.with_suffix(".log.1"))
