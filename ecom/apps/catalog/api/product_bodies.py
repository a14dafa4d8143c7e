"""Products as the API takes them: JSON objects, checked by the same rules as a file's rows.

Not by serializers, which take longer for a batch than the database does.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from ecom.apps.catalog import product_rules as rules
from ecom.apps.catalog.models import MAX_PRICE_AMOUNT, MAX_STOCK
from ecom.apps.catalog.services.categories import CategoryNames
from ecom.apps.catalog.services.products import ProductRow
from ecom.common.problems import FieldError

MAX_UNKNOWN_NAMED = 10
MAX_NAME_SHOWN = 64

Rule = Callable[[Any], Any]


def _text(rule: Callable[[str], Any]) -> Rule:
    def read(value: object) -> Any:
        if not isinstance(value, str):
            raise ValueError("is not a string")
        return rule(value)

    return read


def _whole_number(most: int) -> Rule:
    def read(value: object) -> int:
        if type(value) is not int or value < 0:
            raise ValueError("is not a whole number of at least 0")
        if value > most:
            raise ValueError(f"is more than {most}")
        return value

    return read


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("is neither true nor false")
    return value


def _category(value: object) -> CategoryNames:
    """A path as the API gives it (`electronics/audio`), or the names from the root down; null is no category."""
    if value is None or value == "":
        return ()
    parts = value.split("/") if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise ValueError("is neither a path nor a list of names")
    return rules.category(parts)


_PRICE: Mapping[str, Rule] = {"amount": _whole_number(MAX_PRICE_AMOUNT), "currency": _text(rules.currency)}


_NO_PRICE: Mapping[str, Any] = {}


class _Unfit(ValueError):
    """Several things are wrong inside of a value; pointers are relative to it."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__()
        self.errors = errors


def _price(value: object) -> dict[str, Any]:
    price, errors = _values(value, _PRICE, required=_PRICE)
    if errors:
        raise _Unfit(errors)
    return {"price_amount": price["amount"], "currency": price["currency"]}


_CHANGES: Mapping[str, Rule] = {
    "title": _text(rules.title),
    "price": _price,
    "description": _text(rules.description),
    "brand": _text(rules.brand),
    "category_path": _category,
    "stock": _whole_number(MAX_STOCK),
    "image_url": _text(rules.image_url),
    "active": _boolean,
}
_PRODUCT: Mapping[str, Rule] = {"product_id": _text(rules.product_id), **_CHANGES}


def checked_product(document: object, *, pointer: str = "") -> ProductRow | list[FieldError]:
    """A whole product, or everything that is wrong with it; `pointer` is where it stands in the body."""
    values, errors = _values(document, _PRODUCT, required=("product_id", "title", "price"))
    return [_moved(pointer, error) for error in errors] or _row(**values)


def checked_changes(document: object, *, product_id: str) -> ProductRow | list[FieldError]:
    """What is to change about a product, or everything that is wrong with that."""
    values, errors = _values(document, _CHANGES, required=())
    return errors or _row(product_id=product_id, **values)


def _row(
    *, category_path: CategoryNames | None = None, price: Mapping[str, Any] | None = None, **same: Any
) -> ProductRow:
    return ProductRow(category=category_path, **same, **(price or {}))


def _values(
    document: object, members: Mapping[str, Rule], *, required: Collection[str]
) -> tuple[dict[str, Any], list[FieldError]]:
    """The values of an object's members, and what is wrong with them."""
    if not isinstance(document, dict):
        return {}, [FieldError("", "invalid", "This must be a JSON object.")]
    errors = [FieldError(f"/{name}", "required", f"{name} is required.") for name in required if name not in document]
    unknown = islice((name for name in document if name not in members), MAX_UNKNOWN_NAMED)
    errors += [FieldError(f"/{_escaped(name)}", "unknown", "There is no such member.") for name in unknown]
    values = {}
    for name in [name for name in members if name in document]:
        try:
            values[name] = members[name](document[name])
        except _Unfit as unfit:
            errors += [_moved(f"/{name}", error) for error in unfit.errors]
        except ValueError as reason:
            errors.append(FieldError(f"/{name}", "invalid", f"{name} {reason}."))
    return values, errors


def _moved(pointer: str, error: FieldError) -> FieldError:
    return replace(error, pointer=pointer + error.pointer)


def _escaped(name: str) -> str:
    return name[:MAX_NAME_SHOWN].replace("~", "~0").replace("/", "~1")
