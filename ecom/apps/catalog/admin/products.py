"""Products in the backoffice."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from import_export.admin import ExportMixin
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    BooleanRadioFilter,
    FieldTextFilter,
    RadioFilter,
    RangeNumericFilter,
)
from unfold.contrib.import_export.forms import ExportForm
from unfold.decorators import action

from ecom.apps.catalog.admin.bulk import MOST, BulkPrices, BulkStock
from ecom.apps.catalog.admin.export import FORMATS, MOST_ROWS, ProductResource
from ecom.apps.catalog.admin.imports import Imports
from ecom.apps.catalog.models import Category, Price, Product
from ecom.apps.catalog.sql import ALIAS
from ecom.backoffice.display import moment, money
from ecom.backoffice.figures import Figure
from ecom.backoffice.history import record
from ecom.backoffice.model_admin import ModelAdmin, ReadOnly, TabularInline


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


class PriceFilter(RangeNumericFilter):  # type: ignore[misc]
    """Prices from and to."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = "price in minor units, such as cents"


class PriceInline(ReadOnly, TabularInline):
    """What the product cost, and since when; the newest first. The database keeps it, whoever changes a price."""

    model = Price
    verbose_name_plural = "price history"
    fields = ("price", "from_then_on")
    readonly_fields = ("price", "from_then_on")
    per_page = 10

    @admin.display
    def price(self, price: Price) -> str:
        return money(price.amount, price.currency)

    @admin.display(description="Since")
    def from_then_on(self, price: Price) -> str:
        return moment(price.since)


@admin.register(Product)
class ProductAdmin(ExportMixin, ModelAdmin):  # type: ignore[misc]
    """Products are taken out of the shop, never deleted: orders name them.

    The stock of a product is not part of its form: what the form shows is old by the time that it is saved, and units
    were sold meanwhile.
    """

    list_display = ("product_id", "title", "brand", "category", "price", "stock", "active", "changed")
    list_display_links = ("product_id", "title")
    list_filter = (
        ("active", BooleanRadioFilter),
        AvailabilityFilter,
        ("category", CategoryFilter),
        ("brand", FieldTextFilter),
        ("currency", FieldTextFilter),
        ("price_amount", PriceFilter),
    )
    list_select_related = ("category",)
    figures = (
        Figure("Sold out in the shop", Q(active=True, stock=0), "active__exact=1&in_stock=0", "remove_shopping_cart"),
    )
    search_fields = ("product_id", "title", "brand")
    search_help_text = "Part of the id, the title or the brand"
    autocomplete_fields = ("category",)
    readonly_fields = ("units", "created_at", "updated_at")
    fieldsets = (
        (None, {"fields": ("product_id", "title", "description", ("brand", "category"), "image_url")}),
        ("Sale", {"fields": (("price_amount", "currency"), ("units", "active"))}),
        ("History", {"fields": (("created_at", "updated_at"),)}),
    )
    add_fieldsets = (
        (None, {"fields": ("product_id", "title", "description", ("brand", "category"), "image_url")}),
        ("Sale", {"fields": (("price_amount", "currency"), ("stock", "active"))}),
    )
    inlines = (PriceInline,)
    actions_list = ("imports",)
    actions = ("change_prices", "change_stock", "activate", "deactivate")
    resource_classes = [ProductResource]
    export_form_class = ExportForm

    @admin.display(ordering="price_amount")
    def price(self, product: Product) -> str:
        return money(product.price_amount, product.currency)

    @admin.display(ordering="updated_at", description="Changed")
    def changed(self, product: Product) -> str:
        return moment(product.updated_at)

    @admin.display(description="Stock")
    def units(self, product: Product) -> str:
        place = reverse("admin:catalog_product_change_stock")
        text = '{} <a class="ml-3 text-primary-600 underline dark:text-primary-500" href="{}?product={}">Change</a>'
        return format_html(text, f"{product.stock:,}", place, product.pk)

    def get_urls(self) -> list[URLPattern]:
        """The pages of the changes to many products, before the pages of one."""
        changes = [
            path(f"{change.name.replace('_', '-')}/", self.admin_site.admin_view(change(self).view),
                 name=f"catalog_product_{change.name}")
            for change in (BulkPrices, BulkStock)
        ]  # fmt: skip
        return [*changes, *super().get_urls()]

    @action(description="Import a file", url_path="imports", icon="upload_file", permissions=["add"])  # type: ignore[untyped-decorator] # no types
    def imports(self, request: HttpRequest) -> HttpResponse:
        return Imports(self).view(request)

    @admin.action(description="Change prices", permissions=["change"])
    def change_prices(self, request: HttpRequest, queryset: QuerySet[Product]) -> HttpResponse:
        return BulkPrices(self).ask(request, _keys(queryset))

    @admin.action(description="Change stock", permissions=["change"])
    def change_stock(self, request: HttpRequest, queryset: QuerySet[Product]) -> HttpResponse:
        return BulkStock(self).ask(request, _keys(queryset))

    @admin.action(description="Show in the shop", permissions=["change"])
    def activate(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        self._show(request, queryset, True, "Shown in the shop.")

    @admin.action(description="Take out of the shop", permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        self._show(request, queryset, False, "Taken out of the shop.")

    def _show(self, request: HttpRequest, queryset: QuerySet[Product], active: bool, entry: str) -> None:
        if len(keys := _keys(queryset)) > MOST:
            self.message_user(request, f"Choose at most {MOST:,} products at once.", messages.ERROR)
            return
        with transaction.atomic(using=ALIAS):
            changing = Product.objects.filter(pk__in=keys).exclude(active=active)
            products = list(changing.order_by("pk").select_for_update(no_key=True).only("product_id", "title"))
            Product.objects.filter(pk__in=[product.pk for product in products]).update(active=active, updated_at=Now())
            record(request, products, entry)
        self.message_user(request, f"{len(products):,} products: {entry.lower()}", messages.SUCCESS)

    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> tuple[str, ...]:
        return (*self.readonly_fields, "product_id") if obj else self.readonly_fields

    def has_delete_permission(self, request: HttpRequest, obj: Product | None = None) -> bool:
        return False

    def has_export_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_view_permission(request))

    def get_export_formats(self) -> list[Any]:
        return FORMATS

    def get_data_for_export(self, request: HttpRequest, queryset: QuerySet[Product], **kwargs: Any) -> Any:
        """Raises ValueError for more than one file can hold, which the form shows."""
        if queryset.count() > MOST_ROWS:
            raise ValueError(f"These are more than {MOST_ROWS:,} products: narrow the list by search or filters.")
        return super().get_data_for_export(request, queryset, **kwargs)


def _keys(queryset: QuerySet[Product]) -> list[int]:
    """The chosen products' primary keys; one more than may be chosen tells that there are too many."""
    return list(queryset.values_list("pk", flat=True)[: MOST + 1])
