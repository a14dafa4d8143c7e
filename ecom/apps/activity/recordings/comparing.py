"""Compares what was recounted with what a place holds, window by window."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ecom.apps.activity.recordings.recounting import Minutes

SHOWN = 10


@dataclass
class Comparison:
    """Windows of one place: `equal` ones, `missing` and `extra` ones, and those whose number is another."""

    place: str
    equal: int = 0
    missing: int = 0
    extra: int = 0
    other: int = 0
    first_differences: list[str] = field(default_factory=list)
    products: set[str] = field(default_factory=set)

    @property
    def differing(self) -> int:
        """How many windows are not as recounted."""
        return self.missing + self.extra + self.other

    def compare(self, product_id: str, expected: Minutes, found: Minutes) -> None:
        """Compare one product's minutes; a minute without shoppers is the same as no minute."""
        for minute in sorted(expected.keys() | found.keys()):
            right, there = expected.get(minute, 0), found.get(minute, 0)
            if right == there:
                self.equal += right > 0
                continue
            self.missing += there == 0
            self.extra += right == 0
            self.other += bool(right and there)
            self._note(product_id, f"{_text(minute)}: recounted {right}, found {there}")

    def _note(self, product_id: str, difference: str) -> None:
        self.products.add(product_id)
        if len(self.first_differences) < SHOWN:
            self.first_differences.append(f"{self.place}: {product_id} {difference}")

    def as_dict(self) -> dict[str, int | str]:
        """The totals."""
        return {
            "place": self.place,
            "equal": self.equal,
            "differ": self.differing,
            "missing": self.missing,
            "extra": self.extra,
            "other": self.other,
        }


def compare_all(
    place: str, expected: dict[str, Minutes], found: dict[str, Minutes], *, products: Iterable[str] | None = None
) -> Comparison:
    """Compare every product of either side."""
    result = Comparison(place)
    for product_id in expected.keys() | found.keys() if products is None else products:
        result.compare(product_id, expected.get(product_id, {}), found.get(product_id, {}))
    return result


def _text(minute: int) -> str:
    return datetime.fromtimestamp(minute, UTC).strftime("%Y-%m-%dT%H:%MZ")
