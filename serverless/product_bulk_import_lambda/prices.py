"""What a price cell says, in minor units.

The rules: white space, apostrophes and one currency (its code or €, £, $ or ¥) may stand in and around the number.
Where both a point and a comma occur, the last of them is the decimal mark and the other groups thousands. One that
occurs more than once groups. One alone that is followed by one or two digits is the decimal mark. One alone that is
followed by three digits could be either (1.234): the file's decimal mark decides, which the mapping states or the
file's other prices show. A price never has more decimals than its currency.
"""

import re
from collections.abc import Iterable

_SYMBOLS = {"€": "EUR", "£": "GBP", "$": "USD", "¥": "JPY"}
_NO_DECIMALS = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"]
)
_THREE_DECIMALS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
_SPACES = re.compile(r"[\s'\u2019`]+")
_CELL = re.compile(r"(?P<before>[A-Z]{3}|[€£$¥])?(?P<number>[0-9.,]+)(?P<after>[A-Z]{3}|[€£$¥])?")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?P<mark>[.,])[0-9]{3}(?:(?P=mark)[0-9]{3})*")
_AMBIGUOUS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
UNFIT = "is not a price, such as 1,234.50 or 1.234,50"


def decimals_of(currency: str) -> int:
    """How many decimals a price in this currency has (ISO 4217)."""
    return 0 if currency in _NO_DECIMALS else 3 if currency in _THREE_DECIMALS else 2


def decimal_mark_of(cells: Iterable[str]) -> str:
    """The decimal mark of a file by some of its price cells; empty where none shows it, or two contradict."""
    marks = {mark for cell in cells if (mark := _shown_mark(_SPACES.sub("", cell.upper())))}
    return marks.pop() if len(marks) == 1 else ""


def _shown_mark(cell: str) -> str:
    found = _CELL.fullmatch(cell)
    number = found["number"] if found else ""
    if not number or _AMBIGUOUS.fullmatch(number):
        return ""
    if {".", ","} <= set(number):
        return max(".,", key=number.rfind)
    if _GROUPED.fullmatch(number):
        return "," if "." in number else "."
    return next((mark for mark in ".," if number.count(mark) == 1), "")


def price(cell: str, *, currency: str, mark: str = "") -> int:
    """The price in minor units; `mark` is the file's decimal mark, empty where it is not known.

    Raises ValueError with the reason.
    """
    text = _SPACES.sub("", cell.upper())
    if not text:
        raise ValueError("is empty")
    found = _CELL.fullmatch(text)
    if not found:
        raise ValueError("is negative" if text.startswith(("-", "\u2212")) else UNFIT)
    _refuse_other_currency([found["before"], found["after"]], currency)
    whole, decimals = _parts(found["number"], mark)
    most = decimals_of(currency)
    if len(decimals.rstrip("0")) > most:
        raise ValueError(f"has more decimals than {currency} has")
    return int(whole + decimals[:most].ljust(most, "0"))


def _refuse_other_currency(said: list[str | None], currency: str) -> None:
    for code in (_SYMBOLS.get(each, each) for each in said if each):
        if code != currency:
            raise ValueError(f"is in {code} where the row is in {currency}")


def _parts(number: str, mark: str) -> tuple[str, str]:
    """The digits before and after the decimal mark. Raises ValueError."""
    if not mark and _AMBIGUOUS.fullmatch(number):
        raise ValueError('could be thousands or a fraction: state the "decimal" mark in the mapping file')
    mark = _shown_mark(number) or mark
    whole, _, decimals = number.partition(mark) if mark else (number, "", "")
    if grouped := _GROUPED.fullmatch(whole):
        whole = whole.replace(grouped["mark"], "")
    if not whole.isdecimal() or not (decimals or "0").isdecimal():
        raise ValueError(UNFIT)
    return _bounded(whole), decimals


def _bounded(digits: str) -> str:
    if len(digits) > 15:
        raise ValueError("is too large")
    return digits
