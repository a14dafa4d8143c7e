"""The public paths of activity."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
