"""Values as people read them."""

from datetime import datetime

from django.utils.html import format_html

# Currencies whose minor unit is not a hundredth (ISO 4217).
_NO_DIGITS = (
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF",
)  # fmt: skip
_THREE_DIGITS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
_DIGITS = {**dict.fromkeys(_NO_DIGITS, 0), **dict.fromkeys(_THREE_DIGITS, 3)}


def money(amount: int, currency: str) -> str:
    """`1999, "EUR"` as 19.99 EUR. Everywhere else amounts are whole numbers of the currency's minor unit."""
    digits = _DIGITS.get(currency, 2)
    whole, rest = divmod(amount, 10**digits)
    return _on_one_line(f"{whole:,}.{rest:0{digits}} {currency}" if digits else f"{whole:,} {currency}")


def moment(time: datetime) -> str:
    """A time in UTC, to the minute."""
    return _on_one_line(f"{time:%d %b %Y %H:%M}")


def _on_one_line(text: str) -> str:
    return format_html('<span class="whitespace-nowrap">{}</span>', text)
