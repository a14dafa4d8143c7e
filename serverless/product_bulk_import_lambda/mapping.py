"""The mapping file beside an upload: what a foreign layout's columns are, and what its file does not say.

`<name>.mapping.json` goes with every file whose name up to the first dot is the same: `prices.mapping.json` with
`prices.csv`, `prices.csv.gz`, and with `prices.errors.csv`, its error file when it is mended.
"""

import codecs
import json
from collections.abc import Mapping as AnyMapping
from dataclasses import asdict, dataclass, field
from typing import Any

from serverless.product_bulk_import_lambda.notifications import MAPPING_ENDING
from serverless.product_bulk_import_lambda.unfit import UnfitFile

MAX_BYTES = 64 * 1024
FIELDS = (
    "product_id",
    "title",
    "description",
    "brand",
    "category",
    "category_path",
    "price",
    "price_amount",
    "currency",
    "stock",
    "image_url",
    "active",
)


@dataclass(frozen=True, slots=True)
class Mapping:
    """`columns` is ours -> the file's; what is empty, the file tells itself. `decimal` is the mark of its prices."""

    columns: dict[str, str] = field(default_factory=dict)
    currency: str = ""
    decimal: str = ""
    delimiter: str = ""
    encoding: str = ""

    def document(self) -> dict[str, Any]:
        """As it is kept with the progress, so that a file is read in one way from its begin to its end."""
        return asdict(self)


def mapping_key(key: str) -> str:
    """Where the mapping file of an upload is."""
    folder, slash, name = key.rpartition("/")
    return f"{folder}{slash}{name.partition('.')[0]}{MAPPING_ENDING}"


def mapping_of(content: bytes) -> Mapping:
    """Raises UnfitFile, whose text says what is wrong with the mapping file."""
    try:
        document = json.loads(content)
    except ValueError as error:
        raise _unfit(f"it is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise _unfit("it is no JSON object")
    if unknown := sorted(document.keys() - Mapping.__dataclass_fields__.keys()):
        raise _unfit(f"there is no {unknown[0]!r}; there are {', '.join(Mapping.__dataclass_fields__)}")
    _check_columns(document.get("columns", {}))
    _check_texts(document)
    return Mapping(**document)


def _check_columns(columns: object) -> None:
    if not isinstance(columns, dict) or not all(isinstance(name, str) for name in columns.values()):
        raise _unfit('"columns" is no object of our names with the names of the file')
    if unknown := sorted(columns.keys() - set(FIELDS)):
        raise _unfit(f"there is no column {unknown[0]!r}; there are {', '.join(FIELDS)}")


def _check_texts(document: AnyMapping[str, Any]) -> None:
    fit = {
        "currency": lambda value: len(value) == 3 and value.isalpha() and value.isupper(),
        "decimal": lambda value: value in (".", ","),
        "delimiter": lambda value: len(value) == 1 and value not in '"\r\n',
        "encoding": _is_encoding,
    }
    for name, is_fit in fit.items():
        value = document.get(name, "")
        if not isinstance(value, str) or (value and not is_fit(value)):
            raise _unfit(f"{name!r} cannot be {value!r}")


def _is_encoding(name: str) -> bool:
    try:
        return bool(codecs.lookup(name)._is_text_encoding)
    except LookupError:
        return False


def _unfit(why: str) -> UnfitFile:
    return UnfitFile(f"The mapping file cannot be used: {why}. Mend it and upload the CSV file again.")
