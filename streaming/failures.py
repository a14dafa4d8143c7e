"""What a command can fail with. Each failure says, as an exit code, what a script can do about it."""

FAILED, WRONG_OPTION, NOT_RUNNING, NO_CHECKPOINT, WENT_BACK, DIFFERENT, ALREADY_RUNNING = 1, 2, 3, 4, 5, 6, 7
EXIT_CODES = """Exit codes: 0 done; 1 failed; 2 wrong usage or option; 3 not running; 4 no checkpoint (in time);
5 deployed, but went back to the version before; 6 table and topic differ; 7 running already."""


class Failure(Exception):
    """Something that the operator is told in one or a few lines, without a traceback."""

    exit_code = FAILED


class NotReady(Failure):
    """What has to be there before the job starts, and is not: one line per thing that is missing or wrong."""


class NotRunning(Failure):
    """No cluster answers, or no job of the name runs on it."""

    exit_code = NOT_RUNNING


class NoCheckpoint(Failure):
    """There is nothing to resume from."""

    exit_code = NO_CHECKPOINT


class AlreadyThere(Failure):
    """A job of this name runs already, or another submission of the same run came first."""

    exit_code = ALREADY_RUNNING


class WentBack(Failure):
    """A new version did not work; the one before runs again."""

    exit_code = WENT_BACK
