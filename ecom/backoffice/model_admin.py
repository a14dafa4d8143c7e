"""What the contexts' admins are made of: Django's, as unfold dresses them, and the house's rules."""

from typing import Any

from django.contrib.admin import ShowFacets
from django.http import HttpRequest
from unfold import admin as unfold

from ecom.backoffice.figures import Figure


class ModelAdmin(unfold.ModelAdmin):  # type: ignore[misc] # unfold brings no types
    """A list of 50 with its filters beside it; no count of a whole table, which costs more than the page."""

    list_per_page = 50
    show_full_result_count = False
    list_filter_submit = True
    warn_unsaved_form = True
    show_facets = ShowFacets.NEVER  # each would count the whole table
    figures: tuple[Figure, ...] = ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Of a row that exists, write what the form changed and nothing else: others write to it at the same time."""
        if not change:
            obj.save()
            return
        columns = {field.name for field in obj._meta.concrete_fields}
        if changed := columns.intersection(form.changed_data):
            touched = {field.name for field in obj._meta.concrete_fields if getattr(field, "auto_now", False)}
            obj.save(update_fields=changed | touched)


class ReadOnly:
    """What is looked at here and changed elsewhere."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class TabularInline(unfold.TabularInline):  # type: ignore[misc]
    """Rows of another table below a form."""

    extra = 0
    hide_title = True


class StackedInline(unfold.StackedInline):  # type: ignore[misc]
    """Rows of another table below a form, one field under the other."""

    extra = 0
