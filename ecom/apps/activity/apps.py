from django.apps import AppConfig


class ActivityConfig(AppConfig):
    name = "ecom.apps.activity"
    label = "activity"

    def start_serving(self) -> None:
        """Called in a process that will answer requests, and in no command: see ecom/wsgi.py."""
        from ecom.apps.activity.heartbeats import start_heartbeats

        start_heartbeats()
