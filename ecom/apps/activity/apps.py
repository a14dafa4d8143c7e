from django.apps import AppConfig


class ActivityConfig(AppConfig):
    name = "ecom.apps.activity"
    label = "activity"
