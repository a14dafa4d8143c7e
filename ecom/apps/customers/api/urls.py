"""The public paths of customers."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from ecom.apps.customers.api import views


class AddressIdConverter(StringConverter):
    """An address's public id; whatever else stands in its place names nothing (404)."""

    regex = "A[0-9A-Z]{16}"


register_converter(AddressIdConverter, "address_id")

urlpatterns = [
    path("auth/register", views.Register.as_view()),
    path("auth/email/verify", views.VerifyEmail.as_view()),
    path("auth/token", views.Token.as_view()),
    path("auth/token/refresh", views.RefreshToken.as_view()),
    path("auth/logout", views.Logout.as_view()),
    path("auth/password/reset", views.PasswordReset.as_view()),
    path("auth/password/reset/confirm", views.PasswordResetConfirm.as_view()),
    path("auth/password/change", views.PasswordChange.as_view()),
    path("customers/me", views.Me.as_view()),
    path("customers/me/export", views.Export.as_view()),
    path("customers/me/addresses", views.Addresses.as_view()),
    path("customers/me/addresses/<address_id:address_id>", views.OneAddress.as_view()),
]
