"""The public paths of gateway."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
