from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "ecom.apps.catalog"
    label = "catalog"
