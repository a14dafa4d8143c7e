"""The catalogue's products in its database: what a benchmark has made is taken out again, as the API keeps all."""

from collections.abc import Sequence

import psycopg2

from local.stack import Stack


def keys(stack: Stack) -> list[int]:
    """The primary keys of all products, the oldest first."""
    with psycopg2.connect(stack.postgres.dsn("catalog")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id FROM catalog_product ORDER BY id")
        return [key for (key,) in cursor.fetchall()]


def keep_only(stack: Stack, kept: Sequence[int]) -> None:
    """Take all other products out of the catalogue, with their prices."""
    with psycopg2.connect(stack.postgres.dsn("catalog")) as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM catalog_price WHERE product_id <> ALL(%s)", [kept])
        cursor.execute("DELETE FROM catalog_product WHERE id <> ALL(%s)", [kept])
