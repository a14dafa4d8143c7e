"""Customers, staff and service accounts in the backoffice. No password and no hash of one is ever shown here."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter, RadioFilter
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from ecom.apps.customers import email_addresses
from ecom.apps.customers.models import ALIAS, Account, Address, Letter, ServiceAccount, Session
from ecom.apps.customers.selectors import ADDRESS_FIELDS
from ecom.apps.customers.services import closing
from ecom.apps.customers.services.passwords import invite
from ecom.apps.customers.services.service_accounts import new_service_secret
from ecom.backoffice import second_factor
from ecom.backoffice.figures import Figure
from ecom.backoffice.links import link_to_list
from ecom.backoffice.model_admin import ModelAdmin, ReadOnly, StackedInline

MOST = 100  # accounts in one go: each is changed by itself


class AddressInline(ReadOnly, StackedInline):
    """A customer's addresses."""

    model = Address
    fields = ADDRESS_FIELDS


class ErasedFilter(RadioFilter):  # type: ignore[misc] # unfold brings no types
    """Accounts that were erased, of which nothing but the pseudonym is left, and the others."""

    title = "erased"
    parameter_name = "erased"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("0", "No"), ("1", "Yes")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Account]) -> QuerySet[Account]:
        return queryset.filter(erased_at__isnull=self.value() == "0") if self.value() in ("0", "1") else queryset


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]
    """An account that staff make: the address in its one spelling, and no password."""

    def clean_email(self) -> str:
        try:
            return email_addresses.normalised(self.cleaned_data["email"])
        except ValueError as error:
            raise ValidationError(str(error)) from error


@admin.register(Account)
class AccountAdmin(ModelAdmin):
    """Accounts are deactivated or erased, never deleted: orders name them."""

    form = AccountForm
    list_display = ("public_id", "email", "given_name", "family_name", "is_active", "is_staff", "created_at")
    list_filter = (("is_active", BooleanRadioFilter), ("is_staff", BooleanRadioFilter), ErasedFilter)
    ordering = ("-id",)
    search_fields = ("public_id__exact", "email__startswith", "family_name__istartswith")
    search_help_text = "Public id, the beginning of the e-mail address or of the family name"
    readonly_fields = ("public_id", "orders", "is_active", "created_at", "erased_at")
    inlines = (AddressInline,)
    actions = ("deactivate", "reactivate", "erase", "reset_second_factor")
    fieldsets = (
        (None, {"fields": (("public_id", "orders"), "email", ("given_name", "family_name"), "phone")}),
        ("Staff", {"fields": ("is_staff", "groups")}),
        ("State", {"fields": ("is_active", ("created_at", "erased_at"))}),
    )

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Roles are few: each has its box."""
        boxes = {"widget": UnfoldAdminCheckboxSelectMultipleWidget, "label": "Roles", "help_text": ""}
        return super().formfield_for_manytomany(db_field, request, **{**kwargs, **boxes})

    @admin.display(empty_value="none yet")
    def orders(self, account: Account) -> str | None:
        """Where this customer's orders are: another context's, by the public id."""
        return (
            link_to_list("orders.order", "Orders of this customer", customer_id=account.public_id)
            if account.pk
            else None
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Account | None = None) -> tuple[str, ...]:
        """An address that its owner has proven is not changed by somebody else; nor does staff make itself staff."""
        proven = ("email",) if obj else ()
        others = () if self.has_manage_staff_permission(request) else ("is_staff", "groups")
        return (*self.readonly_fields, *proven, *others)

    def has_change_permission(self, request: HttpRequest, obj: Account | None = None) -> bool:
        """Accounts of staff are the administrators' business, and an erased one is nobody's."""
        if obj and (obj.erased_at or (obj.is_staff and not self.has_manage_staff_permission(request))):
            return False
        return bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Account | None = None) -> bool:
        return False

    def has_manage_staff_permission(self, request: HttpRequest) -> bool:
        """Whether this person says who is staff, in which roles."""
        return bool(request.user.has_perm("customers.manage_staff_account"))

    def save_model(self, request: HttpRequest, obj: Account, form: Any, change: bool) -> None:
        """A new account has no password: its owner sets one by the mail that goes out."""
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        if not change and obj.email:
            invite(email=obj.email)

    @admin.action(description="Deactivate: no sign-in, sessions end", permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[Account]) -> None:
        for account in self._changeable(request, queryset):
            with transaction.atomic(using=ALIAS):
                closing.deactivate(account=account)
                self.log_change(request, account, "Deactivated.")

    @admin.action(description="Reactivate", permissions=["change"])
    def reactivate(self, request: HttpRequest, queryset: QuerySet[Account]) -> None:
        for account in self._changeable(request, queryset):
            with transaction.atomic(using=ALIAS):
                closing.reactivate(account=account)
                self.log_change(request, account, "Reactivated.")

    @admin.action(description="Erase for good", permissions=["change"])
    def erase(self, request: HttpRequest, queryset: QuerySet[Account]) -> HttpResponse | None:
        """Asks first, as nothing brings the data back."""
        accounts = self._changeable(request, queryset)
        if accounts and "confirmed" not in request.POST:
            site = self.admin_site.each_context(request)
            context = {**site, "title": "Erase accounts", "opts": self.opts, "accounts": accounts}
            return TemplateResponse(request, "admin/customers/account/erase.html", context)
        for account in accounts:
            self._erase(request, account)
        return None

    def _erase(self, request: HttpRequest, account: Account) -> None:
        try:
            with transaction.atomic(using=ALIAS):
                closing.erase(customer_id=account.public_id)
                self.log_change(request, account, "Erased.")
        except closing.StaffAccount:
            self.message_user(request, f"{account} is staff: take the role away first.", messages.ERROR)
        else:
            self.message_user(request, f"{account} is erased.")

    @admin.action(description="Reset the second factor, so that it is enrolled anew", permissions=["manage_staff"])
    def reset_second_factor(self, request: HttpRequest, queryset: QuerySet[Account]) -> None:
        for account in queryset.filter(is_staff=True):
            with transaction.atomic(using=ALIAS):
                second_factor.reset(account=account)
                Session.objects.of(account).end()
                self.log_change(request, account, "Second factor reset.")
            self.message_user(request, f"{account} enrols a second factor at the next sign-in.")

    def _changeable(self, request: HttpRequest, queryset: QuerySet[Account]) -> list[Account]:
        """The chosen accounts that this member of staff may change; none of too many. Raises PermissionDenied."""
        accounts = list(queryset.filter(erased_at=None)[: MOST + 1])
        if len(accounts) > MOST:
            self.message_user(request, f"Choose at most {MOST} accounts at once.", messages.ERROR)
            return []
        if not all(self.has_change_permission(request, account) for account in accounts):
            raise PermissionDenied
        return accounts


@admin.register(ServiceAccount)
class ServiceAccountAdmin(ModelAdmin):
    """Programs that sign in by themselves. A secret is shown once, when it is made."""

    list_display = ("client_id", "description", "scopes", "audiences", "is_active", "created_at")
    list_filter = (("is_active", BooleanRadioFilter),)
    search_fields = ("client_id", "description")
    fields = ("client_id", "description", "scopes", "audiences", "is_active", "created_at")
    readonly_fields = ("created_at",)
    actions = ("give_another_secret",)

    def get_readonly_fields(self, request: HttpRequest, obj: ServiceAccount | None = None) -> tuple[str, ...]:
        return ("client_id", "created_at") if obj else ("created_at",)

    def has_delete_permission(self, request: HttpRequest, obj: ServiceAccount | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: ServiceAccount, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
        else:
            self._show_secret(request, obj, new_service_secret(account=obj))

    @admin.action(description="Give another secret; the old one stops at once", permissions=["change"])
    def give_another_secret(self, request: HttpRequest, queryset: QuerySet[ServiceAccount]) -> None:
        for account in queryset:
            with transaction.atomic(using=ALIAS):
                secret = new_service_secret(account=account)
                self.log_change(request, account, "Given another secret.")
            self._show_secret(request, account, secret)

    def _show_secret(self, request: HttpRequest, account: ServiceAccount, secret: str) -> None:
        self.message_user(request, f"The secret of {account.client_id}, shown this once: {secret}", messages.WARNING)


LETTER_STATES = {
    "waiting": Q(sent_at=None, due_at__isnull=False),
    "sent": Q(sent_at__isnull=False),
    "given-up": Q(sent_at=None, due_at=None),
}


class LetterStateFilter(RadioFilter):  # type: ignore[misc]
    """Where a mail is on its way."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("waiting", "Waiting"), ("sent", "Sent"), ("given-up", "Given up")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Letter]) -> QuerySet[Letter]:
        return queryset.filter(LETTER_STATES.get(self.value(), Q()))


@admin.register(Letter)
class LetterAdmin(ReadOnly, ModelAdmin):
    """Mails that wait, were sent, or could not be sent."""

    list_display = ("kind", "email", "created_at", "attempts", "due_at", "sent_at")
    list_filter = (("kind", ChoicesDropdownFilter), LetterStateFilter)
    figures = (Figure("Mails given up", LETTER_STATES["given-up"], "state=given-up", "unsubscribe"),)
    search_fields = ("email__exact",)
    ordering = ("-id",)
    fields = ("kind", "email", "created_at", "expires_at", "attempts", "due_at", "sent_at")
