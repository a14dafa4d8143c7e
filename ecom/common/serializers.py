"""What the bodies of several services have in common."""

from typing import Any

from rest_framework import serializers

from ecom.common.countries import ISO_3166

PHONE_LENGTH = 32
_PHONE = r"\A\+?[0-9][0-9 ()./-]{3,30}\Z"


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses members that it does not know, which would otherwise be taken for done."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := sorted(map(str, data.keys() - self.fields.keys()))):
            raise serializers.ValidationError(
                {name: serializers.ErrorDetail("There is no such member.", code="unknown") for name in unknown[:20]}
            )
        return super().to_internal_value(data)


class PhoneField(serializers.RegexField):
    """A telephone number as people write it; may be empty."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(_PHONE, max_length=PHONE_LENGTH, allow_blank=True, required=False, **kwargs)


class PostalAddress(StrictSerializer):
    """Where something is sent to, and to whom."""

    recipient = serializers.CharField(max_length=200)
    company = serializers.CharField(max_length=200, allow_blank=True, required=False)
    line1 = serializers.CharField(max_length=200)
    line2 = serializers.CharField(max_length=200, allow_blank=True, required=False)
    postal_code = serializers.CharField(max_length=20, allow_blank=True, required=False)
    city = serializers.CharField(max_length=100)
    region = serializers.CharField(max_length=100, allow_blank=True, required=False)
    country = serializers.ChoiceField(ISO_3166, help_text="ISO 3166-1, two letters.")
    phone = PhoneField()
