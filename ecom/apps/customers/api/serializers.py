"""The API's shapes: what a body may say, and what answers look like."""

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as RefusedPassword
from rest_framework import serializers

from ecom.apps.customers import email_addresses
from ecom.apps.customers.models import NAME_LENGTH, Account
from ecom.common.serializers import PhoneField, PostalAddress, StrictSerializer

MAX_PASSWORD_LENGTH = 128
MAX_SECRET_LENGTH = 100
MAX_CODE_LENGTH = 32


class EmailField(serializers.EmailField):
    """An e-mail address, in the one spelling that accounts have."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=email_addresses.MAX_LENGTH, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        try:
            return email_addresses.normalised(super().to_internal_value(data))
        except ValueError as error:
            raise serializers.ValidationError(str(error), code="invalid") from error


class TypedPassword(serializers.CharField):
    """A password as somebody typed it, spaces included."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_PASSWORD_LENGTH, trim_whitespace=False, write_only=True, **kwargs)


class SecretField(serializers.CharField):
    """A secret that we gave out."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_SECRET_LENGTH, write_only=True, **kwargs)


class NameField(serializers.CharField):
    """Part of a person's name; may be empty."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=NAME_LENGTH, allow_blank=True, required=False, **kwargs)


class NewPassword(TypedPassword):
    """A password that somebody chooses: none that is easily guessed."""

    def to_internal_value(self, data: Any) -> str:
        password: str = super().to_internal_value(data)
        check_new_password(password)
        return password


def check_new_password(password: str, account: Account | None = None) -> None:
    """Raises ValidationError for a password that is easily guessed, also from what we know of its owner."""
    try:
        validate_password(password, account)
    except RefusedPassword as refused:
        errors = [serializers.ErrorDetail(error.messages[0], code=error.code or "weak") for error in refused.error_list]
        raise serializers.ValidationError(errors) from refused


class Registration(StrictSerializer):
    """`POST /auth/register`."""

    email = EmailField()
    password = TypedPassword(help_text="At least 10 characters, not a common one.")
    given_name = NameField()
    family_name = NameField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        about = {name: value for name, value in attrs.items() if name != "password"}
        try:
            check_new_password(attrs["password"], Account(**about))
        except serializers.ValidationError as refused:
            raise serializers.ValidationError({"password": refused.detail}) from refused
        return attrs


class Secret(StrictSerializer):
    """`POST /auth/email/verify`."""

    token = SecretField(help_text="From the mail.")


class AddressOfAccount(StrictSerializer):
    """`POST /auth/password/reset`."""

    email = EmailField()


class PasswordReset(StrictSerializer):
    """`POST /auth/password/reset/confirm`."""

    token = SecretField(help_text="From the mail.")
    new_password = NewPassword()


class PasswordChange(StrictSerializer):
    """`POST /auth/password/change`."""

    current_password = TypedPassword()
    new_password = NewPassword()


class RefreshTokenBody(StrictSerializer):
    """`POST /auth/token/refresh` and `POST /auth/logout`."""

    refresh_token = SecretField()


class Grant(serializers.Serializer[Any]):
    """`POST /auth/token`: which of the two bodies it is."""

    grant_type = serializers.ChoiceField(["password", "client_credentials"])


class PasswordGrant(StrictSerializer):
    """`POST /auth/token` for a person."""

    grant_type = serializers.ChoiceField(["password"])
    email = EmailField()
    password = TypedPassword()
    otp = serializers.CharField(
        max_length=MAX_CODE_LENGTH, required=False, write_only=True, help_text="Of staff: a code of the second factor."
    )


class ClientCredentialsGrant(StrictSerializer):
    """`POST /auth/token` for a service account."""

    grant_type = serializers.ChoiceField(["client_credentials"])
    client_id = serializers.CharField(max_length=64)
    client_secret = SecretField()
    audience = serializers.CharField(max_length=32, required=False, help_text="Where the token shall be good.")
    scope = serializers.CharField(max_length=500, required=False, help_text="Words separated by spaces.")


class ProfileChange(StrictSerializer):
    """`PATCH /customers/me`."""

    given_name = NameField()
    family_name = NameField()
    phone = PhoneField()


class AddressBody(PostalAddress):
    """`POST /customers/me/addresses` and `PATCH /customers/me/addresses/{address_id}`."""


class TokenPairShape(serializers.Serializer[Any]):
    access_token = serializers.CharField()
    token_type = serializers.ChoiceField(["Bearer"])
    expires_in = serializers.IntegerField(help_text="Seconds.")
    refresh_token = serializers.CharField(help_text="Good once, for 30 days. Not for service accounts.", required=False)
    scope = serializers.CharField(help_text="For service accounts.", required=False)


class ProfileShape(serializers.Serializer[Any]):
    customer_id = serializers.CharField()
    email = serializers.EmailField()
    given_name = serializers.CharField()
    family_name = serializers.CharField()
    phone = serializers.CharField()
    created_at = serializers.DateTimeField()


class AddressShape(serializers.Serializer[Any]):
    address_id = serializers.CharField()
    recipient = serializers.CharField()
    company = serializers.CharField()
    line1 = serializers.CharField()
    line2 = serializers.CharField()
    postal_code = serializers.CharField()
    city = serializers.CharField()
    region = serializers.CharField()
    country = serializers.CharField()
    phone = serializers.CharField()
    created_at = serializers.DateTimeField()
