"""What changes the tree of categories."""

from collections.abc import Collection, Iterable, Mapping
from itertools import accumulate

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Concat, Substr
from django.utils.text import slugify

from ecom.apps.catalog.models import Category
from ecom.apps.catalog.sql import ALIAS, execute, rows_of

CategoryNames = tuple[str, ...]


def category_path(names: CategoryNames) -> str:
    """The path under the tree's root: a slug for each name. Letters of other scripts stay where no Latin ones are."""
    return "/".join(slugify(name) or slugify(name, allow_unicode=True) for name in names)


def ensure_categories(*, names: Iterable[CategoryNames]) -> dict[CategoryNames, int]:
    """The ids of these categories, created with their ancestors where they are absent.

    Names with the same path are the same category. One statement where all exist, else two more, and rarely a third.
    """
    asked = set(names)
    wanted = {category_path(above): above[-1] for name in asked for above in accumulate((part,) for part in name)}
    known = _category_ids(wanted)
    missing = wanted.keys() - known.keys()
    if missing:
        with transaction.atomic(using=ALIAS, savepoint=False):
            # Not by conflicts: a child would be inserted below the id of a parent that somebody else inserted first.
            execute("LOCK TABLE catalog_category IN SHARE ROW EXCLUSIVE MODE")
            known |= _inserted({path: wanted[path] for path in missing})
    if wanted.keys() - known.keys():  # what others made before the table was ours
        known = _category_ids(wanted)
    return {name: known[category_path(name)] for name in asked}


def _category_ids(paths: Collection[str]) -> dict[str, int]:
    return dict(rows_of("SELECT path, id FROM catalog_category WHERE path = ANY(%s)", [list(paths)])) if paths else {}


def _inserted(names: Mapping[str, str]) -> dict[str, int]:
    """Insert categories by `path: name`, whose parents exist or are among them. The ids of those that were absent."""
    paths = list(names)
    parents, _, slugs = zip(*(path.rpartition("/") for path in paths), strict=True)
    inserted = rows_of(
        """
        WITH row AS MATERIALIZED (
            SELECT row.*, nextval(pg_get_serial_sequence('catalog_category', 'id')) AS id
            FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) AS row (path, name, slug, parent_path)
            WHERE NOT EXISTS (SELECT FROM catalog_category c WHERE c.path = row.path)
        )
        INSERT INTO catalog_category (id, path, name, slug, parent_id)
        SELECT row.id, row.path, row.name, row.slug, coalesce(above.id, parent.id)
        FROM row
        LEFT JOIN row AS above ON above.path = row.parent_path
        LEFT JOIN catalog_category parent ON parent.path = row.parent_path
        RETURNING path, id
        """,
        [paths, list(names.values()), list(slugs), list(parents)],
    )
    return dict(inserted)


def save_category(*, category: Category) -> None:
    """Save a category; where its slug or parent changed, all below it move with it.

    Raises ValidationError where its parent is itself or below it, or where its new place is taken.
    """
    with transaction.atomic(using=ALIAS):
        category.clean()
        before, category.path = category.path, category.place()
        category.save()
        if before and before != category.path:
            below = Category.objects.filter(path__startswith=f"{before}/")
            below.update(path=Concat(Value(category.path), Substr("path", len(before) + 1)))
