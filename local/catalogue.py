"""A believable catalogue for a machine without a real one, the same at each call."""

import csv
import gzip
import itertools
import random
from collections.abc import Iterator
from pathlib import Path

from local.servers.server import REPOSITORY
from local.stack import STATE

REAL = REPOSITORY.parent / "shared" / "data" / "icecat_products.csv.gz"
GENERATED = STATE / "catalogue.csv.gz"
PRODUCTS = 4000
# The columns of an Icecat export, which `load_catalogue` takes.
COLUMNS = (
    "id", "mpn", "title", "short_description", "brand", "product_type", "price_cents", "eans", "date_released", "image",
)  # fmt: skip
BRANDS = ("Aventra", "Borealis", "Cordwell", "Dunmore", "Elkhart", "Fjordline", "Granholm", "Halden", "Ivaro", "Junia")
# Product type: what it is called, a usual price in cents, and what sets one apart from the next.
KINDS = {
    "Notebook": ("notebook", 79900, ("13.3\"", "14\"", "15.6\"", "17.3\"")),
    "Monitor": ("monitor", 21900, ("22\" Full HD", "24\" Full HD", "27\" QHD", "32\" 4K")),
    "Keyboard": ("keyboard", 4900, ("wired", "wireless", "mechanical", "compact")),
    "Mouse": ("mouse", 2500, ("wired", "wireless", "vertical", "gaming")),
    "Headphones": ("headphones", 8900, ("in-ear", "on-ear", "over-ear", "noise cancelling")),
    "Printer": ("printer", 15900, ("laser mono", "laser colour", "ink", "multifunction")),
    "Toner cartridge": ("toner cartridge", 6500, ("black", "cyan", "magenta", "yellow")),
    "External drive": ("external drive", 9900, ("500 GB", "1 TB", "2 TB", "4 TB")),
    "Smartphone": ("smartphone", 39900, ("64 GB", "128 GB", "256 GB", "512 GB")),
    "Cable": ("cable", 900, ("0.5 m", "1 m", "2 m", "5 m")),
}  # fmt: skip
SERIES = ("Classic", "Plus", "Pro", "Air", "Studio", "Home", "Office", "Travel")


def catalogue_file() -> Path:
    """The real catalogue where it lies beside the repository, else the generated one."""
    if REAL.exists():
        return REAL
    if not GENERATED.exists():
        write_catalogue(GENERATED)
    return GENERATED


def write_catalogue(path: Path, *, products: int = PRODUCTS, seed: int = 1) -> None:
    """Write a gzipped CSV of `products` rows that depends on the seed alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    with gzip.open(draft, "wt", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(itertools.islice(_rows(random.Random(seed)), products))
    draft.replace(path)


def _rows(dice: random.Random) -> Iterator[dict[str, str | int]]:
    for number in itertools.count(100001):
        kind = dice.choice(tuple(KINDS))
        name, price, variants = KINDS[kind]
        brand, series, variant = dice.choice(BRANDS), dice.choice(SERIES), dice.choice(variants)
        model = f"{brand[:2].upper()}{number}"
        yield {
            "id": number,
            "mpn": model,
            "title": f"{brand} {series} {name} {variant} ({model})",
            "short_description": f"{name.capitalize()} of the {series} series by {brand}: {variant}.",
            "brand": brand,
            "product_type": kind,
            "price_cents": max(100, round(price * dice.lognormvariate(0, 0.5)) // 100 * 100 - 1),
            "eans": f"40{dice.randrange(10**11):011d}",
            "date_released": f"{dice.randrange(2015, 2026)}-{dice.randrange(1, 13):02d}-01T00:00:00Z",
            "image": "",
        }
