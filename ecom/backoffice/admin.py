"""The history of what staff did, and what other apps bring into the admin and nobody should see there."""

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.utils.html import format_html
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter, RelatedDropdownFilter
from unfold.decorators import display

from ecom.backoffice.model_admin import ModelAdmin, ReadOnly

# Roles are declared in the code; the devices' pages would show the keys.
for model in (Group, StaticDevice, TOTPDevice):
    admin.site.unregister(model)

ACTIONS = {"Added": "success", "Changed": "info", "Deleted": "danger"}


@admin.register(LogEntry)
class HistoryAdmin(ReadOnly, ModelAdmin):
    """Who did what to which object, and when. Nobody changes it."""

    list_display = ("action_time", "who", "action", "content_type", "linked", "message")
    list_display_links = ("action_time",)
    list_filter = (
        ("action_flag", ChoicesDropdownFilter),
        ("content_type", RelatedDropdownFilter),
        ("action_time", RangeDateTimeFilter),
    )
    list_select_related = ("user", "content_type")
    ordering = ("-id",)
    search_fields = ("object_repr", "object_id__exact", "user__public_id__exact", "user__email__exact")
    search_help_text = "Part of the object's name; the public id or the e-mail address of who did it"
    fields = ("action_time", "who", "action", "content_type", "linked", "message")

    @display(description="Action", label=ACTIONS)  # type: ignore[untyped-decorator] # unfold brings no types
    def action(self, entry: LogEntry) -> str:
        return {1: "Added", 2: "Changed", 3: "Deleted"}.get(entry.action_flag, "")

    @admin.display(description="Who")
    def who(self, entry: LogEntry) -> str:
        return entry.user.get_username()

    @admin.display(description="Object")
    def linked(self, entry: LogEntry) -> str:
        place = entry.get_admin_url()
        return format_html('<a href="{}">{}</a>', place, entry.object_repr) if place else entry.object_repr

    @admin.display(description="What")
    def message(self, entry: LogEntry) -> str:
        return entry.get_change_message()
