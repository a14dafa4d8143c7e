"""The tree of categories in the backoffice."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from ecom.apps.catalog.models import Category
from ecom.apps.catalog.services.categories import save_category
from ecom.backoffice.model_admin import ModelAdmin


@admin.register(Category)
class CategoryAdmin(ModelAdmin):
    """The tree, by path. A category with products or children cannot be deleted."""

    list_display = ("path", "name")
    search_fields = ("name", "path")
    autocomplete_fields = ("parent",)
    prepopulated_fields = {"slug": ("name",)}
    fields = ("name", "slug", "parent")

    def save_model(self, request: HttpRequest, obj: Category, form: Any, change: bool) -> None:
        save_category(category=obj)
