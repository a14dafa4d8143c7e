"""Units that orders have taken out of the stock. They are released by what becomes of the order, and never here."""

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display

from ecom.apps.catalog.models import Reservation, ReservationLine
from ecom.backoffice.display import moment, money
from ecom.backoffice.figures import Figure
from ecom.backoffice.links import link_to_list
from ecom.backoffice.model_admin import ModelAdmin, ReadOnly, TabularInline

COLOURS = {"Held": "warning", "Confirmed": "success", "Released": "default", "Expired": "default"}


class LineInline(ReadOnly, TabularInline):
    """The units, at the price when they were taken."""

    model = ReservationLine
    fields = ("sold", "title", "quantity", "price")
    readonly_fields = ("sold", "price")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReservationLine]:
        lines: QuerySet[ReservationLine] = super().get_queryset(request)
        return lines.select_related("product").defer("product__description")

    @admin.display(description="Product")
    def sold(self, line: ReservationLine) -> str:
        product_id = line.product.product_id
        return link_to_list("catalog.product", product_id, product_id=product_id)

    @admin.display
    def price(self, line: ReservationLine) -> str:
        return money(line.price_amount, line.currency)


@admin.register(Reservation)
class ReservationAdmin(ReadOnly, ModelAdmin):
    """Whose units are held until when, and which are sold."""

    list_display = ("order_id", "now", "created", "expires", "ended_at")
    list_filter = (("state", ChoicesDropdownFilter), ("created_at", RangeDateTimeFilter))
    search_fields = ("order_id__exact",)
    search_help_text = "Order id"
    inlines = (LineInline,)
    fields = (("order", "now"), ("created_at", "expires_at"), "ended_at")
    readonly_fields = ("order", "now")
    figures = (Figure("Held reservations", Q(state="held"), "state__exact=held", "hourglass_top"),)

    @display(description="State", ordering="state", label=COLOURS)  # type: ignore[untyped-decorator] # no types
    def now(self, reservation: Reservation) -> str:
        return Reservation.State(reservation.state).label

    @admin.display(ordering="created_at", description="Since")
    def created(self, reservation: Reservation) -> str:
        return moment(reservation.created_at)

    @admin.display(ordering="expires_at", description="Held until")
    def expires(self, reservation: Reservation) -> str:
        return moment(reservation.expires_at)

    @admin.display
    def order(self, reservation: Reservation) -> str:
        return link_to_list("orders.order", reservation.order_id, order_id=reservation.order_id)
