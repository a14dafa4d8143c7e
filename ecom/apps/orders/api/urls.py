"""The public paths of orders."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
