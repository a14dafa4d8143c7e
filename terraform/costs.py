"""What each environment costs a month: `python terraform/costs.py [--lines production]`.

Adds up costs.toml. Fails on a type of resource that has no line there and is not said to be free, and on a line whose
type no module declares any more.
"""

import argparse
import math
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TERRAFORM = Path(__file__).resolve().parent
ENVIRONMENTS = ("dev", "staging", "production")
RESOURCE = re.compile(r'^resource "(\w+)" "', re.MULTILINE)
OF_KUBERNETES = {"Ingress"}  # made by a controller from what is in Git


class Incomplete(Exception):
    """Types of resources without a line, or lines without a resource; the text names them."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is paid for: a quantity (product of numbers and names of assumptions) and its price in USD."""

    of: str
    what: str
    quantity: list[float | str]
    price: float

    def monthly(self, assumptions: Mapping[str, float]) -> float:
        """USD a month. Raises KeyError for an assumption that is not made."""
        parts = (assumptions[part] if isinstance(part, str) else part for part in self.quantity)
        return math.prod(parts) * self.price


def declared(terraform: Path = TERRAFORM) -> set[str]:
    """Every type of resource in the modules and stacks."""
    return {kind for file in terraform.glob("*/*/*.tf") for kind in RESOURCE.findall(file.read_text())}


def read(terraform: Path = TERRAFORM) -> tuple[list[Line], dict[str, dict[str, float]]]:
    """The lines, and each environment's assumptions. Raises Incomplete."""
    data: dict[str, Any] = tomllib.loads((terraform / "costs.toml").read_text())
    lines = [Line(**line) for line in data["lines"]]
    if problems := list(_problems(declared(terraform), {line.of for line in lines}, set(data["free"]["types"]))):
        raise Incomplete("\n".join(problems))
    common = data["assumptions"]["all"]
    return lines, {name: common | data["assumptions"][name] for name in ENVIRONMENTS}


def _problems(resources: set[str], paid: set[str], free: set[str]) -> Iterator[str]:
    yield from (f"{kind}: costs.toml has no line for it, nor is it free" for kind in sorted(resources - paid - free))
    yield from (f"{kind}: both paid and free" for kind in sorted(paid & free))
    yield from (f"{kind}: no module declares it" for kind in sorted((paid | free) - resources - OF_KUBERNETES))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--lines", choices=ENVIRONMENTS, help="show the lines of one environment")
    chosen = parser.parse_args().lines
    try:
        lines, assumptions = read()
    except Incomplete as error:
        print(error, file=sys.stderr)
        return 1
    if chosen:
        for line in sorted(lines, key=lambda each: -each.monthly(assumptions[chosen])):
            print(f"{line.monthly(assumptions[chosen]):10,.0f}  {line.what} ({line.of})")
    for name in ENVIRONMENTS:
        print(f"{name:10} {sum(line.monthly(assumptions[name]) for line in lines):10,.0f} USD a month")
    return 0


if __name__ == "__main__":
    sys.exit(main())
