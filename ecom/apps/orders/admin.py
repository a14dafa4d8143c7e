"""Orders in the backoffice: looked at here, and changed by nothing but the steps of their life cycle."""

from django.contrib import admin
from django.db.models import Q
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display

from ecom.apps.orders.models import Order, OrderLine, OrderTransition, Status
from ecom.backoffice.display import moment, money
from ecom.backoffice.figures import Figure
from ecom.backoffice.links import link_to_list
from ecom.backoffice.model_admin import ModelAdmin, ReadOnly, TabularInline

OPEN = (Status.PLACED, Status.PAID)
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
        (None, {"fields": (("order_id", "state"), ("customer", "stock"), ("total", "placed_at"))}),
        ("Delivery address", {"fields": ADDRESS}),
    )
    readonly_fields = ("state", "customer", "total")
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
