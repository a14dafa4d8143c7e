"""The API of customers as its document describes it."""

from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import serializers

from ecom.apps.customers.api import serializers as bodies
from ecom.apps.customers.api import views
from ecom.common.openapi import Answer, described, operation


class DetailShape(serializers.Serializer[Any]):
    detail = serializers.CharField()


class NewCustomerShape(serializers.Serializer[Any]):
    customer_id = serializers.CharField()


class AddressPageShape(serializers.Serializer[Any]):
    results = bodies.AddressShape(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


EMAIL, PASSWORD, SECRET = "ada@example.com", "a long walk by the sea", "9v0Zk1hXyqmH2bQe8s3tWA"
TOKENS = {"access_token": "eyJhbGciOiJSUzI1NiJ9.e30.c2ln", "token_type": "Bearer", "expires_in": 600}
PAIR = Answer(bodies.TokenPairShape, {**TOKENS, "refresh_token": SECRET})
PROFILE = {
    "customer_id": "U3K9QZ7M2P4RT8XW",
    "email": EMAIL,
    "given_name": "Ada",
    "family_name": "Lovelace",
    "phone": "+44 20 7946 0018",
    "created_at": "2025-11-23T12:40:09Z",
}
NEW_ADDRESS = {
    "recipient": "Ada Lovelace",
    "line1": "12 St James's Square",
    "postal_code": "SW1Y 4JH",
    "city": "London",
    "country": "GB",
}
ADDRESS = {
    "address_id": "A7D2M9XK4Q0RVT5B",
    **{"company": "", "line2": "", "region": "", "phone": ""},
    **NEW_ADDRESS,
    "created_at": "2025-11-23T12:40:09Z",
}
MAIL = Answer(DetailShape, views.MAIL_IS_ON_ITS_WAY)
NOTHING = Answer()

described(
    views.Register,
    post=operation(
        "Ask for an account; a mail says how to go on",
        body=bodies.Registration,
        example={"email": EMAIL, "password": PASSWORD, "given_name": "Ada"},
        answers={202: MAIL},
        refusals=(429,),
        sign_in="none",
    ),
)
described(
    views.VerifyEmail,
    post=operation(
        "Confirm an e-mail address: the account is made",
        body=bodies.Secret,
        example={"token": SECRET},
        answers={201: Answer(NewCustomerShape, {"customer_id": PROFILE["customer_id"]})},
        sign_in="none",
    ),
)
described(
    views.Token,
    post=operation(
        "Sign in with a password, or as a service account",
        body=PolymorphicProxySerializer(
            component_name="customers.TokenRequest",
            serializers=[bodies.PasswordGrant, bodies.ClientCredentialsGrant],
            resource_type_field_name=None,
        ),
        example={"grant_type": "password", "email": EMAIL, "password": PASSWORD},
        answers={200: PAIR},
        refusals=(401, 403, 429),
        sign_in="none",
    ),
)
described(
    views.RefreshToken,
    post=operation(
        "The next pair of tokens; each refresh token works once",
        body=bodies.RefreshTokenBody,
        example={"refresh_token": SECRET},
        answers={200: PAIR},
        refusals=(401,),
        sign_in="none",
    ),
)
described(
    views.Logout,
    post=operation(
        "End a session, whatever the token was",
        body=bodies.RefreshTokenBody,
        example={"refresh_token": SECRET},
        answers={204: NOTHING},
        sign_in="none",
    ),
)
described(
    views.PasswordReset,
    post=operation(
        "Ask for a mail with which to choose a new password",
        body=bodies.AddressOfAccount,
        example={"email": EMAIL},
        answers={202: MAIL},
        refusals=(429,),
        sign_in="none",
    ),
)
described(
    views.PasswordResetConfirm,
    post=operation(
        "Choose a new password with the mail's token; all sessions end",
        body=bodies.PasswordReset,
        example={"token": SECRET, "new_password": PASSWORD},
        answers={204: NOTHING},
        sign_in="none",
    ),
)
described(
    views.PasswordChange,
    post=operation(
        "Change the password; all sessions end and a new one begins",
        body=bodies.PasswordChange,
        example={"current_password": "a short walk inland", "new_password": PASSWORD},
        answers={200: PAIR},
        refusals=(429,),
    ),
)
described(
    views.Me,
    get=operation("The caller's profile", answers={200: Answer(bodies.ProfileShape, PROFILE)}),
    patch=operation(
        "Change the profile",
        body=bodies.ProfileChange,
        example={"phone": PROFILE["phone"]},
        answers={200: Answer(bodies.ProfileShape, PROFILE)},
    ),
    delete=operation("Erase the account and what is known about its owner", answers={204: NOTHING}, refusals=(409,)),
)
described(
    views.Export,
    get=operation(
        "All that is kept here about the caller, as a file",
        answers={200: Answer({"type": "object"}, {"profile": PROFILE, "addresses": [ADDRESS]})},
    ),
)
described(
    views.Addresses,
    get=operation(
        "The caller's addresses",
        answers={200: Answer(AddressPageShape, {"results": [ADDRESS], "next": None, "previous": None})},
    ),
    post=operation(
        "Add an address",
        body=bodies.AddressBody,
        example=NEW_ADDRESS,
        answers={201: Answer(bodies.AddressShape, ADDRESS)},
        refusals=(409,),
    ),
)
described(
    views.OneAddress,
    get=operation("One address", answers={200: Answer(bodies.AddressShape, ADDRESS)}),
    patch=operation(
        "Change an address",
        body=bodies.AddressBody,
        example={"city": "London"},
        answers={200: Answer(bodies.AddressShape, ADDRESS)},
    ),
    delete=operation("Remove an address", answers={204: NOTHING}),
)
