"""How a file names its columns and writes its times, and the options by which a command is told."""

from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

TIME_UNITS = {"rfc3339": None, "s": 1.0, "ms": 1000.0}


@dataclass(frozen=True)
class Layout:
    """Columns (or NDJSON members) of the four fields; `types` translates event types, the rest stay as they are."""

    user: str = "user_id"
    product: str = "product_id"
    event_type: str = "event_type"
    time: str = "timestamp"
    time_unit: str = "rfc3339"
    types: Mapping[str, str] = field(default_factory=dict)
    user_prefix: str = ""
    product_prefix: str = ""


LAYOUTS = {
    "events": Layout(),
    "taobao": Layout(
        product="item_id",
        event_type="behaviour",
        time="epoch_seconds",
        time_unit="s",
        types={"pv": "VIEW_PRODUCT", "cart": "ADD_TO_CART", "fav": "ADD_TO_WISHLIST", "buy": "PURCHASE"},
    ),
}
_OPTIONS = {
    "user": "column of the shopper",
    "product": "column of the product",
    "event_type": "column of the event type",
    "time": "column of the time",
}


def add_arguments(parser: ArgumentParser) -> None:
    """The options that say how FILE is written; the same for every command that reads one."""
    parser.add_argument("file", type=Path, metavar="FILE", help="CSV or NDJSON (.ndjson, .jsonl), plain or gzip (.gz)")
    parser.add_argument(
        "--format",
        choices=sorted(LAYOUTS),
        default="events",
        help="names of the columns: `events` as in the API, `taobao` as in the Taobao user behaviour data",
    )
    for name, meaning in _OPTIONS.items():
        parser.add_argument(f"--{name.replace('_', '-')}-column", metavar="NAME", dest=name, help=meaning)
    parser.add_argument("--time-unit", choices=sorted(TIME_UNITS), help="how times are written: text, or since 1970")
    parser.add_argument("--user-prefix", metavar="TEXT", help="put before each shopper's id")
    parser.add_argument("--product-prefix", metavar="TEXT", help="put before each product's id")


def chosen_layout(options: Mapping[str, Any]) -> Layout:
    """The layout that the options of a command describe."""
    names = (*_OPTIONS, "time_unit", "user_prefix", "product_prefix")
    given = {name: options[name] for name in names if options.get(name) is not None}
    return replace(LAYOUTS[options["format"]], **given)
