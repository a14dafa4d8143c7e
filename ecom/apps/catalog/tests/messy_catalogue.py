"""Catalogue files with every kind of mess that real ones have."""

import csv
import gzip
import random
from collections.abc import Iterator
from pathlib import Path

ICECAT_HEADER = (
    "id", "mpn", "title", "short_description", "brand", "product_type", "price_cents", "eans", "date_released", "image",
)  # fmt: skip
REAL = Path(__file__).parents[5] / "shared" / "data" / "icecat_products.csv.gz"


def icecat_rows(count: int, seed: int = 1) -> Iterator[tuple[str, ...]]:
    """Rows as Icecat's: HTML, entities, accents, empty descriptions and types, repeated numbers, high prices."""
    dice = random.Random(seed)
    descriptions = ["", "Über 5 &deg;C<br />waterproof", "<ul><li>USB</li><li>HDMI</li></ul>", 'A "quoted", part']
    for number in range(count):
        yield (
            str(1000 + number),
            f"M-{dice.randrange(count)}",
            f'{dice.choice(["Toner", "Écran", "Bürostuhl"])} {number} 17"',
            dice.choice(descriptions),
            dice.choice(["HP", "StarTech.com", "Bang & Olufsen"]),
            dice.choice(["", "", "", "Notebook", "Hybrid (2-in-1)", "1"]),
            str(dice.choice([95, 1999, 4351995])),
            "0095205603217",
            "2009-12-10T00:00:00Z",
            "http://images.example/1.jpg",
        )


def write_icecat(path: Path, count: int) -> Path:
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(ICECAT_HEADER)
        writer.writerows(icecat_rows(count))
    return path


MESSY = b"""\xef\xbb\xbfproduct_id,title,description,brand,category,price_amount,currency,stock,image_url
P1,"Lamp, with <b>shade</b>","Two<br>lines &amp; <script>alert(1)</script>\nmore",Lux,Home > Lights,1999,EUR,5,https://x.example/1.jpg
P2,,no title,Lux,Home,1999,EUR,5,
P3,   <br/>  ,title of nothing but HTML,Lux,Home,1999,EUR,5,
P4,Price in euros,,Lux,Home,19.99,EUR,5,
P5,No price,,Lux,Home,,EUR,5,
P6,Negative,,Lux,Home,-5,EUR,5,
P7,Huge,,Lux,Home,99999999999999999999,EUR,5,
P8,Lower case currency,,Lux,Home,5,eur,5,
P9,Stock in words,,Lux,Home,5,EUR,many,
P/10,Slash in the id,,Lux,Home,5,EUR,5,
,No id,,Lux,Home,5,EUR,5,
P11,Too few cells,,Lux

P1,Again the first,,Lux,Home,5,EUR,5,
P12,Not UTF-8 \xff,,Lux,Home,5,EUR,5,
P13,Other cells unfit,,Lu\xffx,123,5,EUR,5,javascript:alert(1)
P14,NUL\x00 and \xe2\x80\x8bspaces\t\xc2\xa0here,,Lux,Home,0,EUR,0,
"""
