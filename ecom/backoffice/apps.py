from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.db.models.signals import post_migrate


class BackofficeSiteConfig(admin_apps.AdminConfig):
    """Django's admin, with a site of our own."""

    default = False  # of this module's two
    default_site = "ecom.backoffice.site.BackofficeSite"


class BackofficeConfig(AppConfig):
    """The frame itself. It comes last: what it has to say of permissions and admins comes after all others."""

    name = "ecom.backoffice"
    label = "backoffice"

    def ready(self) -> None:
        """Roles follow the permissions that migrations have just made (by a receiver of Django's that comes before)."""
        from ecom.backoffice.roles import grant  # models, which are loaded now

        post_migrate.connect(grant, dispatch_uid="ecom.backoffice.roles")
