from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "ecom.apps.customers"
    label = "customers"
