"""Which database each Django app's tables live in."""

from django.db.models import Model

from ecom.services import CATALOG, CUSTOMERS, ORDERS

# An app that is not named here is Django's own (auth, admin, sessions, contenttypes): those live with the accounts.
_ALIASES = {"catalog": CATALOG, "orders": ORDERS}


class ContextRouter:
    """Sends each context's models to its own database and keeps its migrations there."""

    def db_for_read(self, model: type[Model], **hints: object) -> str:
        return _ALIASES.get(model._meta.app_label, CUSTOMERS)

    def db_for_write(self, model: type[Model], **hints: object) -> str:
        return self.db_for_read(model, **hints)

    def allow_migrate(self, db: str, app_label: str, **hints: object) -> bool:
        return _ALIASES.get(app_label, CUSTOMERS) == db
