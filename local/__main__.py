"""The embedded stack's command line: `python -m local --help`.

Each command imports what it needs itself: `setup` runs before anything is installed.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from local.stack import MARKER, Stack
from local.steps import StepFailed

Command = Callable[[argparse.Namespace], int]


def setup(arguments: argparse.Namespace) -> int:
    """Make the virtual environments and fetch the jars, where they are not up to date."""
    from local import installation

    installation.install()
    return 0


def setup_test(arguments: argparse.Namespace) -> int:
    """Install the programs of the tests, where they are absent."""
    from local import programs_for_tests

    programs_for_tests.install()
    return 0


def image(arguments: argparse.Namespace) -> int:
    """Build the image where there is no Docker daemon and no registry of images."""
    from local import image

    print(image.build())
    return 0


def up(arguments: argparse.Namespace) -> int:
    """Start the stack and run it until Ctrl-C; with --detach return when it is ready and leave it running."""
    from local.bring_up import bring_up
    from local.detached import bring_up_detached

    stack = Stack.of_environment()
    if arguments.detach:
        return bring_up_detached(stack)
    bring_up(stack)
    return 0


def down(arguments: argparse.Namespace) -> int:
    """Stop the stack wholly."""
    from local.shut_down import shut_down

    shut_down(Stack.of_environment())
    return 0


def clean(arguments: argparse.Namespace) -> int:
    """Stop every stack and remove its state."""
    from local.shut_down import remove_state

    remove_state()
    return 0


def status(arguments: argparse.Namespace) -> int:
    """Say what runs and what answers; exit code 1 unless the stack is ready."""
    from local.state_report import state_report

    stack = Stack.of_environment()
    print(state_report(stack))
    return 0 if stack.ready_file.exists() and stack.supervisor else 1


def logs(arguments: argparse.Namespace) -> int:
    """Follow the log of one process, or of all."""
    stack = Stack.of_environment()
    names = [stack.log(arguments.name)] if arguments.name else sorted((stack.directory / "logs").glob("*.log"))
    os.execvp("tail", ["tail", "-n", "50", "-F", *map(str, names)])  # noqa: S606


def execute(arguments: argparse.Namespace) -> int:
    """Run a command with the environment that a service of the stack gets."""
    from local.processes import command_environment

    variables = command_environment(arguments.service, Stack.of_environment())
    os.execvpe(arguments.command[0], arguments.command, variables)  # noqa: S606


def token(arguments: argparse.Namespace) -> int:
    """Print a token of a service account that the local services accept."""
    from local.credentials import service_token

    print(service_token(arguments.scope))
    return 0


def load(arguments: argparse.Namespace) -> int:
    """Run one of k6's profiles against the running stack; exit code 0 when all thresholds hold."""
    from local.load_test import LoadTest, write_data

    stack = Stack.of_environment()
    test = LoadTest(arguments.profile, arguments.scenario, arguments.rate)
    return test.run(stack, data=write_data(stack), summary=arguments.summary)


def import_file(arguments: argparse.Namespace) -> int:
    """Put a CSV file into the bucket of uploads, and show the progress and the report of its import."""
    from local.file_import import import_file

    return import_file(Stack.of_environment(), Path(arguments.file))


def import_function(arguments: argparse.Namespace) -> int:
    """Run the import function for the files of the bucket; `up` starts this."""
    from local.import_function import run

    return run()


def package_function(arguments: argparse.Namespace) -> int:
    """Build the zip of the import function."""
    from local.function_package import package

    zipped = package()
    print(f"{zipped} ({zipped.stat().st_size / 2**20:.1f} MiB)")
    return 0


def supervise(arguments: argparse.Namespace) -> int:
    """Keep one process running; `up` starts this for each line of the Procfile."""
    from local.supervise import Supervised

    return Supervised(arguments.command, Path(arguments.log)).run()


def when_ready(arguments: argparse.Namespace) -> int:
    """Wait until the stack that this process belongs to is ready, then become the command."""
    ready = Path(os.environ[MARKER]) / "ready"
    while not ready.exists():
        time.sleep(0.5)
    os.execvp(arguments.command[0], arguments.command)  # noqa: S606


def main(argv: Sequence[str]) -> int:
    """Run the command line; return the exit code."""
    own, command = _split(argv)
    parser = _parser()
    arguments = parser.parse_args(own, argparse.Namespace(command=command))
    if arguments.takes_command != bool(command):
        parser.error("give the command to run after `--`" if arguments.takes_command else "no command is taken")
    try:
        return int(arguments.run(arguments))
    except StepFailed as failure:
        print(failure.explanation(), file=sys.stderr)
    except ValueError as error:
        print(error, file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Command, *, takes_command: bool = False) -> argparse.ArgumentParser:
        usage = f"python -m local {name} ... -- COMMAND" if takes_command else None
        added = commands.add_parser(name, help=run.__doc__, description=run.__doc__, usage=usage)
        added.set_defaults(run=run, takes_command=takes_command)
        return added

    add("setup", setup)
    add("setup-test", setup_test)
    add("image", image)
    add("up", up).add_argument("--detach", action="store_true", help="return when all is ready")
    add("down", down)
    add("clean", clean)
    add("status", status)
    add("logs", logs).add_argument("name", nargs="?", help="for example gateway or analytics; all when left out")
    add("token", token).add_argument("--scope", default="activity:any")
    load_test = add("load", load)
    load_test.add_argument("profile", nargs="?", default="smoke", help="smoke, load, stress, spike or soak")
    load_test.add_argument("--scenario", default="all", help="one of those of k6/load.js")
    load_test.add_argument("--rate", type=float, default=1, help="times the ordinary rates of k6/profiles.js")
    load_test.add_argument("--summary", type=Path, help="a file for k6's figures")
    add("exec", execute, takes_command=True).add_argument("service", help="a service of ecom/services.py")
    add("import", import_file).add_argument("file", help="a CSV file or its gzip; its mapping file is sent with it")
    add("import-function", import_function)
    add("package-function", package_function)
    add("supervise", supervise, takes_command=True).add_argument("--log", required=True)
    add("when-ready", when_ready, takes_command=True)
    return parser


def _split(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """The arguments before and after the first `--`."""
    given = list(argv)
    if "--" not in given:
        return given, []
    at = given.index("--")
    return given[:at], given[at + 1 :]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
