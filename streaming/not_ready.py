"""The one error for what has to be there before the job starts, and is not."""


class NotReady(Exception):
    """One line per thing that is missing or wrong."""
