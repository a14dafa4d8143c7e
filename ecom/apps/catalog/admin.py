"""The catalogue in the backoffice."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    BooleanRadioFilter,
    FieldTextFilter,
    RadioFilter,
    RangeNumericFilter,
)

from ecom.apps.catalog.models import Category, Product
from ecom.apps.catalog.services.categories import save_category
from ecom.backoffice.figures import Figure
from ecom.backoffice.model_admin import ModelAdmin


class AvailabilityFilter(RadioFilter):  # type: ignore[misc] # unfold brings no types
    """Products that can be sold now, and those that cannot."""

    title = "availability"
    parameter_name = "in_stock"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "In stock"), ("0", "Sold out")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        if self.value() not in ("0", "1"):
            return queryset
        return queryset.filter(stock__gt=0) if self.value() == "1" else queryset.filter(stock=0)


class CategoryFilter(AutocompleteSelectFilter):  # type: ignore[misc]
    """A category stands for all below it too, as in the shop."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        chosen = str(self.value() or "")
        category = Category.objects.filter(pk=int(chosen)).first() if chosen.isdecimal() else None
        if category is None:
            return queryset
        return queryset.filter(Q(category=category) | Q(category__path__startswith=f"{category.path}/"))


@admin.register(Product)
class ProductAdmin(ModelAdmin):
    """Products are taken out of the shop, never deleted: orders name them."""

    list_display = ("product_id", "title", "brand", "category", "price", "stock", "active", "updated_at")
    list_display_links = ("product_id", "title")
    list_filter = (
        ("active", BooleanRadioFilter),
        AvailabilityFilter,
        ("category", CategoryFilter),
        ("brand", FieldTextFilter),
        ("currency", FieldTextFilter),
        ("price_amount", RangeNumericFilter),
    )
    list_select_related = ("category",)
    figures = (
        Figure(
            "Sold out in the shop", Q(active=True, stock=0), "active__exact=1&in_stock=0", "production_quantity_limits"
        ),
    )
    search_fields = ("product_id", "title", "brand")
    search_help_text = "Part of the id, the title or the brand"
    autocomplete_fields = ("category",)
    readonly_fields = ("created_at", "updated_at")
    fieldsets = (
        (None, {"fields": ("product_id", "title", "description", "brand", "category", "image_url")}),
        ("Sale", {"fields": (("price_amount", "currency"), "stock", "active")}),
        ("History", {"fields": (("created_at", "updated_at"),)}),
    )
    actions = ("activate", "deactivate")

    @admin.display(ordering="price_amount")
    def price(self, product: Product) -> str:
        """The amount in minor units, as the API has it, beside its currency."""
        return f"{product.price_amount:,} {product.currency}"

    @admin.action(description="Show in the shop")
    def activate(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        self.message_user(request, f"{queryset.update(active=True)} products are in the shop.")

    @admin.action(description="Take out of the shop")
    def deactivate(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        self.message_user(request, f"{queryset.update(active=False)} products are out of the shop.")

    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> tuple[str, ...]:
        return (*self.readonly_fields, "product_id") if obj else self.readonly_fields

    def has_delete_permission(self, request: HttpRequest, obj: Product | None = None) -> bool:
        return False


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
