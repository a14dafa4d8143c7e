"""The WSGI entry point of every service."""

import os

from django.apps import apps
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecom.settings")

application = get_wsgi_application()

# Django imports the URLconf with the first request. Imported here, a worker that accepts connections is ready.
get_resolver().url_patterns  # noqa: B018

# What a context does beside answering (activity's heartbeats) starts where requests are served, not in commands.
for config in apps.get_app_configs():
    if start_serving := getattr(config, "start_serving", None):
        start_serving()
