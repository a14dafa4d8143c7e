"""The catalogue in the backoffice, a module for each thing that staff look after."""

from ecom.apps.catalog.admin import categories, products, reservations

__all__ = ["categories", "products", "reservations"]
