"""Recorded shoppers for the tests: a slice of the real recording, or one made here where that is absent."""

import csv
import gzip
import itertools
import random
from collections.abc import Iterator
from pathlib import Path

RECORDING = Path(__file__).parents[3] / "shared" / "data" / "taobao_clicks.csv.gz"
HEADER = ["user_id", "item_id", "category_id", "behaviour", "epoch_seconds"]
START = 1_511_658_000  # 2017-11-26T01:00:00Z, as the real recording begins


def write_slice(path: Path, rows: int) -> Path:
    """Write the recording's first `rows` rows to `path` (gzip)."""
    with gzip.open(path, "wt", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(itertools.islice(_rows(), rows))
    return path


def _rows() -> Iterator[list[str]]:
    if not RECORDING.exists():
        yield from _made_up_rows()
        return
    with gzip.open(RECORDING, "rt", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        yield from reader


def _made_up_rows() -> Iterator[list[str]]:
    """Shoppers like the recorded ones: in time order, some 14 events a second, few products popular."""
    chance = random.Random(20171126)
    for number in itertools.count():
        product = int(chance.paretovariate(0.6)) % 75_000
        behaviour = chance.choices(["pv", "cart", "fav", "buy"], weights=[90, 6, 3, 1])[0]
        shopper = chance.randrange(58_000)
        yield [str(shopper), str(product), str(product % 900), behaviour, str(START + number // 14)]
