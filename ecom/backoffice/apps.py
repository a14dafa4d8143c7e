from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class BackofficeSiteConfig(admin_apps.AdminConfig):
    """Django's admin, with a site of our own."""

    default = False  # of this module's two
    default_site = "ecom.backoffice.site.BackofficeSite"


class BackofficeConfig(AppConfig):
    """The frame itself. It comes last: what it has to say of permissions and admins comes after all others."""

    name = "ecom.backoffice"
    label = "backoffice"
