"""Statements of the catalogue: written in SQL where the ORM would need one for each row."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connections

ALIAS = "catalog"
Parameters = Sequence[Any] | Mapping[str, Any] | None


def rows_of(statement: str, parameters: Parameters = None) -> list[tuple[Any, ...]]:
    """What a statement returns."""
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(statement, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def execute(statement: str, parameters: Parameters = None) -> None:
    """A statement that returns nothing."""
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(statement, parameters)
