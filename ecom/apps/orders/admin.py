"""Orders in the backoffice: looked at here, and changed by nothing but the steps of their life cycle."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from ecom.apps.orders.lifecycle import Forbidden, allowed
from ecom.apps.orders.models import ALIAS, MAX_REASON_LENGTH, Actor, Order, OrderLine, OrderTransition, Status, Stock
from ecom.apps.orders.services.transitions import By, StockNotConfirmed, bring
from ecom.backoffice.display import moment, money
from ecom.backoffice.figures import Figure
from ecom.backoffice.history import record
from ecom.backoffice.links import link_to_list
from ecom.backoffice.model_admin import ModelAdmin, ReadOnly, TabularInline

OPEN = (Status.PLACED, Status.PAID)
MOST = 100  # orders in one go: each is a step of its own
# What is usually the reason; for the others somebody has to find words.
REASONS = {
    Status.PAID: "The payment has come in.",
    Status.SHIPPED: "Handed to the carrier.",
    Status.DELIVERED: "The carrier reports it.",
}
ADDRESS = (
    ("recipient", "company"),
    ("line1", "line2"),
    ("postal_code", "city"),
    ("region", "country"),
    "phone",
)
COLOURS = {
    Status.PLACED.label: "warning",
    Status.PAID.label: "info",
    Status.SHIPPED.label: "primary",
    Status.DELIVERED.label: "success",
    Status.CANCELLED.label: "danger",
    Status.REFUNDED.label: "danger",
}


class LineInline(ReadOnly, TabularInline):
    """What was bought, at the price as sold."""

    model = OrderLine
    fields = ("position", "product", "title", "quantity", "price")
    readonly_fields = ("product", "price")

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderLine]:
        lines: QuerySet[OrderLine] = super().get_queryset(request)
        return lines.select_related("order")

    @admin.display
    def price(self, line: OrderLine) -> str:
        return money(line.price_amount, line.order.currency)

    @admin.display
    def product(self, line: OrderLine) -> str:
        return link_to_list("catalog.product", line.product_id, q=line.product_id)


class TransitionInline(ReadOnly, TabularInline):
    """How the order came into its state."""

    model = OrderTransition
    fields = ("sequence", "from_status", "to_status", "at", "actor", "actor_id", "reason")


class ReasonForm(forms.Form):
    """Why an order goes into its next state."""

    reason = forms.CharField(
        max_length=MAX_REASON_LENGTH,
        widget=UnfoldAdminTextareaWidget({"rows": 3}),
        help_text="The customer can read it.",
    )


@admin.register(Order)
class OrderAdmin(ReadOnly, ModelAdmin):
    """Nothing of an order is edited: it goes from one state into the next, by somebody and for a reason."""

    list_display = ("order_id", "state", "customer_id", "total", "stock", "placed")
    list_filter = (
        ("status", ChoicesDropdownFilter),
        ("stock", ChoicesDropdownFilter),
        ("placed_at", RangeDateTimeFilter),
    )
    search_fields = ("order_id__exact", "customer_id__exact")
    search_help_text = "Order id or customer id"
    inlines = (LineInline, TransitionInline)
    fieldsets = (
        (None, {"fields": (("order_id", "state"), ("customer", "units"), ("total", "placed_at"))}),
        ("Delivery address", {"fields": ADDRESS}),
    )
    readonly_fields = ("state", "customer", "units", "total")
    actions = ("paid", "shipped", "delivered")
    change_form_before_template = "admin/orders/order/next_states.html"
    figures = (Figure("Open orders", Q(status__in=OPEN), f"status__in={','.join(OPEN)}", "shopping_cart"),)

    @display(ordering="status", label=COLOURS)  # type: ignore[untyped-decorator] # unfold brings no types
    def state(self, order: Order) -> str:
        return Status(order.status).label

    @admin.display(ordering="total_amount")
    def total(self, order: Order) -> str:
        return money(order.total_amount, order.currency)

    @admin.display(ordering="placed_at")
    def placed(self, order: Order) -> str:
        return moment(order.placed_at)

    @admin.display
    def customer(self, order: Order) -> str:
        return link_to_list("customers.account", order.customer_id, q=order.customer_id)

    @admin.display(description="Stock")
    def units(self, order: Order) -> str:
        return link_to_list("catalog.reservation", Stock(order.stock).label, order_id=order.order_id)

    def get_urls(self) -> list[URLPattern]:
        """The page that asks for the reason of a step."""
        step = self.admin_site.admin_view(self.step_view)
        return [path("<int:pk>/bring/<str:to>/", step, name="orders_order_bring"), *super().get_urls()]

    def has_bring_permission(self, request: HttpRequest) -> bool:
        """Whether this person brings orders from one state into the next."""
        return bool(request.user.has_perm("orders.change_order"))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """An order, with the steps that it can take now."""
        order = self.get_object(request, object_id)
        states = allowed(before=order.status, actor=Actor.STAFF) if order and self.has_bring_permission(request) else []
        context = {"next_states": [Status(state) for state in states], **(extra_context or {})}
        page: HttpResponse = super().change_view(request, object_id, form_url, context)
        return page

    def step_view(self, request: HttpRequest, pk: int, to: str) -> HttpResponse:
        """Ask for the reason, then bring the order there."""
        if not self.has_bring_permission(request):
            raise PermissionDenied
        if to not in Status:
            raise Http404
        order, state = get_object_or_404(Order, pk=pk), Status(to)
        form = ReasonForm(request.POST or None, initial={"reason": REASONS.get(state, "")})
        if form.is_valid():
            if not (refusal := self._bring(request, order, state, form.cleaned_data["reason"])):
                self.message_user(request, f"{order} is {state.label.lower()} now.", messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:orders_order_change", args=[pk]))
            form.add_error(None, refusal)
        site = self.admin_site.each_context(request)
        shown = {"title": f"{order}: {state.label}", "button": state.label, "order": order, "form": form}
        context = {**site, "opts": self.opts, **shown}
        return TemplateResponse(request, "admin/orders/order/bring.html", context)

    def _bring(self, request: HttpRequest, order: Order, to: Status, reason: str) -> str | None:
        """The step and its entry in the history, both or neither. Returns why not, in a sentence."""
        staff: Any = request.user
        try:
            with transaction.atomic(using=ALIAS):
                bring(order_id=order.order_id, to=to, by=By(Actor.STAFF, staff.public_id), reason=reason)
                record(request, [order], f"{to.label}: {reason}")
        except Forbidden as error:
            return f"{order} is {Status(error.before).label.lower()}: it cannot be {to.label.lower()} next."
        except StockNotConfirmed:
            return f"The stock of {order} is not confirmed yet. Try again in some seconds."
        return None

    @admin.action(description="Paid", permissions=["bring"])
    def paid(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        self._bring_all(request, queryset, Status.PAID)

    @admin.action(description="Shipped", permissions=["bring"])
    def shipped(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        self._bring_all(request, queryset, Status.SHIPPED)

    @admin.action(description="Delivered", permissions=["bring"])
    def delivered(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        self._bring_all(request, queryset, Status.DELIVERED)

    def _bring_all(self, request: HttpRequest, queryset: QuerySet[Order], to: Status) -> None:
        orders = list(queryset[: MOST + 1])
        if len(orders) > MOST:
            self.message_user(request, f"Choose at most {MOST} orders at once.", messages.ERROR)
            return
        refusals = [refusal for order in orders if (refusal := self._bring(request, order, to, REASONS[to]))]
        self.message_user(
            request, f"{len(orders) - len(refusals)} orders are {to.label.lower()} now.", messages.SUCCESS
        )
        for refusal in refusals:
            self.message_user(request, refusal, messages.WARNING)
