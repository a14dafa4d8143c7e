"""The old version serves while migrations run and for some time after: none may take away what it still uses."""

import shutil
import sys
from pathlib import Path

import pytest
from django_migration_linter import MigrationLinter

from ecom.services import DATABASES

# Migrations that may be what the linter refuses, and why.
EXCUSED: dict[str, list[str]] = {}
CARELESS = """
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("catalog", "{before}")]
    operations = [{operation}]
"""


def faults_of(context: str) -> list[str]:
    """The migrations of a context that the version before could not live with; the linter prints why."""
    linter = MigrationLinter(database=context, include_apps=[context], no_cache=True, ignore_initial_migrations=True)
    faults = []
    for migration in linter._gather_all_migrations():
        linter.reset_counters()
        if migration.app_label == context:
            linter.lint_migration(migration)
        faults += [migration.name] if linter.has_errors else []
    return faults


@pytest.mark.django_db
@pytest.mark.parametrize("context", DATABASES)
def test_the_version_before_can_live_with_every_migration(context: str) -> None:
    assert faults_of(context) == EXCUSED.get(context, [])


@pytest.mark.django_db
@pytest.mark.parametrize(
    "operation",
    [
        'migrations.RemoveField("product", "title")',
        'migrations.RenameField("product", "title", "name")',
        'migrations.DeleteModel("Category")',
    ],
)
def test_a_careless_migration_is_found(
    operation: str, tmp_path: Path, settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "careless_migrations"
    shutil.copytree(Path("ecom/apps/catalog/migrations"), package)
    last = max(path.stem for path in package.glob("0*.py"))
    (package / "9999_careless.py").write_text(CARELESS.format(before=last, operation=operation))
    monkeypatch.syspath_prepend(str(tmp_path))
    settings.MIGRATION_MODULES = {"catalog": package.name}
    for name in [each for each in sys.modules if each.startswith(package.name)]:
        monkeypatch.delitem(sys.modules, name)
    assert "9999_careless" in faults_of("catalog")
