"""The public paths of activity."""

from django.urls import path

from ecom.apps.activity.api import views

urlpatterns = [
    path("activity/event", views.EventView.as_view()),
    path("activity/events", views.EventsView.as_view()),
    path("activity/beacon", views.BeaconView.as_view()),
]
