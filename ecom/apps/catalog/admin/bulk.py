"""Prices and stock of many products: a form, a preview, and then the change, each product with its own history entry.

What the preview showed travels in the page, signed: nothing is done that nobody has seen.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core import signing
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from ecom.apps.catalog.models import MAX_PRICE_AMOUNT, MAX_STOCK, Product
from ecom.apps.catalog.services.bulk_changes import (
    Change,
    add_stock,
    change_prices,
    set_stock,
)
from ecom.apps.catalog.sql import ALIAS
from ecom.backoffice.display import money
from ecom.backoffice.history import record_each

MOST = 1000  # products in one go
SHOWN = 100  # of them in the preview
VALID_SECONDS = 3600
_SALT = "ecom.catalog.bulk"


class PriceForm(forms.Form):
    """How prices change."""

    how = forms.ChoiceField(
        label="Change",
        choices=[("percent", "by percent"), ("amount", "by an amount"), ("to", "to a price")],
        widget=UnfoldAdminSelectWidget,
    )
    value = forms.DecimalField(
        max_digits=14,
        decimal_places=2,
        help_text="Such as -10 for ten percent less. Amounts are in minor units, such as cents.",
        widget=UnfoldAdminDecimalFieldWidget,
    )

    def clean(self) -> dict[str, Any]:
        """Amounts in minor units are whole."""
        values: dict[str, Any] = super().clean() or {}
        value = values.get("value")
        if value is not None and values.get("how") != "percent" and value != value.to_integral_value():
            self.add_error("value", "An amount in minor units is a whole number.")
        return values

    def after(self, before: int) -> int:
        """The new price. Half a cent is rounded up."""
        how, value = self.cleaned_data["how"], self.cleaned_data["value"]
        if how == "percent":
            return int((before * (100 + value) / 100).quantize(Decimal(1), ROUND_HALF_UP))
        return int(value) if how == "to" else before + int(value)


class StockForm(forms.Form):
    """How the stock changes."""

    how = forms.ChoiceField(
        label="Change",
        choices=[("add", "add units (or take some away)"), ("to", "to a number that was counted")],
        widget=UnfoldAdminSelectWidget,
    )
    value = forms.IntegerField(
        label="Units", min_value=-MAX_STOCK, max_value=MAX_STOCK, widget=UnfoldAdminIntegerFieldWidget
    )

    def after(self, before: int) -> int:
        """The new stock."""
        value: int = self.cleaned_data["value"]
        return value if self.cleaned_data["how"] == "to" else before + value


class BulkChange(ABC):
    """One column of many products, changed in three steps that are all answered under one URL."""

    name: ClassVar[str]
    title: ClassVar[str]
    column: ClassVar[str]
    most: ClassVar[int]
    form: ClassVar[type[Any]]

    def __init__(self, model_admin: Any) -> None:
        self.model_admin = model_admin

    @abstractmethod
    def apply(self, how: str, value: int, changes: Sequence[Change]) -> list[Change]:
        """Do it; returns what was done."""

    def shown(self, product: Product, value: int) -> str:
        """A value of the column, in the preview."""
        return f"{value:,}"

    def ask(self, request: HttpRequest, pks: Sequence[int]) -> HttpResponse:
        """The first step, for the products that somebody chose."""
        if len(pks) > MOST:
            self.model_admin.message_user(request, f"Choose at most {MOST:,} products at once.", messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
        return self._page(request, form=self.form(), products=_signed(list(pks)), number=len(pks))

    def view(self, request: HttpRequest) -> HttpResponse:
        """A step: `product` is asked for by a link, `products` is a form filled in, `plan` one that was confirmed."""
        if not self.model_admin.has_change_permission(request):
            raise PermissionDenied
        if "plan" in request.POST:
            return self._done(request, _unsigned(request.POST["plan"]))
        if "products" in request.POST:
            return self._preview(request, _unsigned(request.POST["products"]))
        chosen = request.GET.get("product", "")
        return self.ask(request, [int(chosen)] if chosen.isdecimal() and len(chosen) < 19 else [])

    def _preview(self, request: HttpRequest, pks: list[int]) -> HttpResponse:
        form = self.form(request.POST)
        if not form.is_valid():
            return self._page(request, form=form, products=_signed(pks), number=len(pks))
        products = Product.objects.filter(pk__in=pks).only("product_id", "title", "currency", self.column)
        planned = [(product, self._change(form, product)) for product in products]
        changes = [change for _, change in planned if self._is_possible(change) and change.before != change.after]
        return self._page(
            request,
            table=self._table(planned),
            hidden=max(0, len(planned) - SHOWN),
            changes=len(changes),
            impossible=sum(not self._is_possible(change) for _, change in planned),
            plan=_signed([form.cleaned_data["how"], int(form.cleaned_data["value"]), [_row(each) for each in changes]]),
        )

    def _change(self, form: Any, product: Product) -> Change:
        before = getattr(product, self.column)
        return Change(product.pk, before, form.after(before))

    def _is_possible(self, change: Change) -> bool:
        return 0 <= change.after <= self.most

    def _table(self, planned: list[tuple[Product, Change]]) -> dict[str, Any]:
        rows = [
            [
                product.product_id,
                product.title,
                self.shown(product, change.before),
                self.shown(product, change.after) if self._is_possible(change) else "not possible",
            ]
            for product, change in planned[:SHOWN]
        ]
        return {"headers": ["Product id", "Title", "Now", "Then"], "rows": rows}

    def _done(self, request: HttpRequest, plan: list[Any]) -> HttpResponse:
        how, value, rows = plan
        with transaction.atomic(using=ALIAS):  # a change without its entry in the history is undone
            done = self.apply(how, value, [Change(*row) for row in rows]) if rows else []
            products = Product.objects.only("product_id", "title").in_bulk([change.pk for change in done])
            record_each(request, {products[each.pk]: self._entry(each) for each in done})
        self.model_admin.message_user(request, f"{len(done):,} products are changed.", messages.SUCCESS)
        if left := len(rows) - len(done):
            self.model_admin.message_user(
                request, f"{left:,} products have changed since you looked, and were left alone.", messages.WARNING
            )
        return HttpResponseRedirect(reverse("admin:catalog_product_changelist"))

    def _entry(self, change: Change) -> str:
        return f"{self.column.removesuffix('_amount').capitalize()} from {change.before:,} to {change.after:,}."

    def _page(self, request: HttpRequest, **context: Any) -> HttpResponse:
        url = reverse(f"admin:catalog_product_{self.name}")
        site = self.model_admin.admin_site.each_context(request)
        context = {**site, "title": self.title, "opts": self.model_admin.opts, "url": url, **context}
        return TemplateResponse(request, "admin/catalog/product/bulk_change.html", context)


class BulkPrices(BulkChange):
    """New prices: only for products that still cost what the preview showed."""

    name, title, column, most, form = "change_prices", "Change prices", "price_amount", MAX_PRICE_AMOUNT, PriceForm

    def shown(self, product: Product, value: int) -> str:
        return money(value, product.currency)

    def apply(self, how: str, value: int, changes: Sequence[Change]) -> list[Change]:
        return change_prices(changes=changes)


class BulkStock(BulkChange):
    """Units are added to whatever the stock is by then; a counted number holds only if nothing was sold since."""

    name, title, column, most, form = "change_stock", "Change stock", "stock", MAX_STOCK, StockForm

    def apply(self, how: str, value: int, changes: Sequence[Change]) -> list[Change]:
        if how == "add":
            return add_stock(pks=[change.pk for change in changes], units=value)
        return set_stock(changes=changes)


def _row(change: Change) -> list[int]:
    return [change.pk, change.before, change.after]


def _signed(value: Any) -> str:
    return signing.dumps(value, salt=_SALT, compress=True)


def _unsigned(text: str) -> Any:
    try:
        return signing.loads(text, salt=_SALT, max_age=VALID_SECONDS)
    except signing.BadSignature as error:
        raise BadRequest("This page is too old, or not ours.") from error
