"""What changes the tree of categories."""

from collections.abc import Collection, Iterable, Sequence
from itertools import accumulate, groupby

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

    Names with the same path are the same category. One statement where all exist, else one more for each level and one.
    """
    asked = set(names)
    wanted = {category_path(above): above for name in asked for above in accumulate((part,) for part in name)}
    known = _category_ids(wanted)
    missing = sorted(wanted.keys() - known.keys(), key=lambda path: (path.count("/"), path))
    for _, level in groupby(missing, key=lambda path: path.count("/")):
        _insert_categories([(path, wanted[path][-1]) for path in level])
    if missing:
        known = _category_ids(wanted)
    return {name: known[category_path(name)] for name in asked}


def _category_ids(paths: Collection[str]) -> dict[str, int]:
    return dict(rows_of("SELECT path, id FROM catalog_category WHERE path = ANY(%s)", [list(paths)])) if paths else {}


def _insert_categories(categories: Sequence[tuple[str, str]]) -> None:
    """Insert `(path, name)` of one level, whose parents exist. What another process inserted meanwhile is left."""
    paths = [path for path, _ in categories]
    parents, slugs = zip(*((path.rpartition("/")[0], path.rpartition("/")[2]) for path in paths), strict=True)
    execute(
        """
        INSERT INTO catalog_category (path, name, slug, parent_id)
        SELECT row.path, row.name, row.slug, parent.id
        FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) AS row (path, name, slug, parent_path)
        LEFT JOIN catalog_category parent ON parent.path = row.parent_path
        ON CONFLICT (path) DO NOTHING
        """,
        [paths, [name for _, name in categories], list(slugs), list(parents)],
    )


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
