from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "ecom.apps.orders"
    label = "orders"
