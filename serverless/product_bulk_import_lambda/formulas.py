"""Cells that a spreadsheet would run as formulas: harmless in error files, and as they were when those come back."""

import re

# An apostrophe makes a spreadsheet show the text behind it; cells that begin with one already get another.
_GUARDED = re.compile(r"'*[=+\-@\t\r]")


def with_guard(cell: str) -> str:
    """The cell as text that is no formula."""
    return f"'{cell}" if _GUARDED.match(cell) else cell


def without_guard(cell: str) -> str:
    """The cell as it was before `with_guard`."""
    return cell[1:] if cell.startswith("'") and _GUARDED.match(cell) else cell
