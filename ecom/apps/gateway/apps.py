from django.apps import AppConfig


class GatewayConfig(AppConfig):
    name = "ecom.apps.gateway"
    label = "gateway"
