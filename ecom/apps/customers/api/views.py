"""The public API of customers: `/auth/…` and `/customers/me…`."""

from typing import Any, cast

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from ecom.apps.customers import selectors
from ecom.apps.customers.api import serializers as bodies
from ecom.apps.customers.api.permissions import IsPerson
from ecom.apps.customers.api.refusals import refusal
from ecom.apps.customers.devices import COOKIE_NAME, MAX_AGE_SECONDS, new_device_cookie
from ecom.apps.customers.services import closing, passwords, profiles, registration, service_accounts, sessions
from ecom.common.authentication import Principal
from ecom.common.client_address import client_address
from ecom.common.uncached import UncachedView

MAIL_IS_ON_ITS_WAY = {"detail": "If this address can be used, a mail is on its way to it."}


class PersonalView(UncachedView):
    """Answers are about one person: no cache keeps them."""

    def handle_exception(self, exc: Exception) -> Response:
        return super().handle_exception(refusal(exc))


class OpenView(PersonalView):
    """Open to anyone: the body brings what is needed, and a token that has ended is not looked at."""

    authentication_classes = ()


class OwnView(PersonalView):
    """For the person whom the token names."""

    permission_classes = (IsPerson,)


def _checked(shape: type[BaseSerializer[Any]], request: Request, *, partial: bool = False) -> dict[str, Any]:
    """The body, if it has this shape. Raises ValidationError (400)."""
    body = shape(data=request.data, partial=partial)
    body.is_valid(raise_exception=True)
    return cast(dict[str, Any], body.validated_data)


def _customer_id(request: Request) -> str:
    return cast(Principal, request.user).subject


def _token_body(pair: sessions.TokenPair) -> dict[str, Any]:
    return {
        "access_token": pair.access_token,
        "token_type": "Bearer",
        "expires_in": pair.expires_in,
        "refresh_token": pair.refresh_token,
    }


class Register(OpenView):
    """`POST /auth/register`: 202, whoever has the address already."""

    def post(self, request: Request) -> Response:
        registration.register(**_checked(bodies.Registration, request), client=client_address(request))
        return Response(MAIL_IS_ON_ITS_WAY, status=202)


class VerifyEmail(OpenView):
    """`POST /auth/email/verify`: the account is made; its owner can sign in."""

    def post(self, request: Request) -> Response:
        account = registration.confirm_registration(secret=_checked(bodies.Secret, request)["token"])
        return Response({"customer_id": account.public_id}, status=201)


class Token(OpenView):
    """`POST /auth/token`: a pair for a person's password, or a token for a service account's secret."""

    def post(self, request: Request) -> Response:
        shape = bodies.Grant(data=request.data)
        shape.is_valid(raise_exception=True)
        if shape.validated_data["grant_type"] == "password":
            return self._for_person(request)
        return self._for_service(request)

    def _for_person(self, request: Request) -> Response:
        body = _checked(bodies.PasswordGrant, request)
        device, email = request.COOKIES.get(COOKIE_NAME), body["email"]
        pair = sessions.sign_in(
            email=email,
            password=body["password"],
            client=client_address(request),
            device=device,
            otp=body.get("otp"),
        )
        response = Response(_token_body(pair))
        response.set_cookie(
            COOKIE_NAME,
            new_device_cookie(email),
            max_age=MAX_AGE_SECONDS,
            path="/auth/token",
            secure=True,
            httponly=True,
            samesite="Strict",
        )
        return response

    def _for_service(self, request: Request) -> Response:
        body = _checked(bodies.ClientCredentialsGrant, request)
        token = service_accounts.issue_service_token(
            client_id=body["client_id"],
            secret=body["client_secret"],
            client=client_address(request),
            audience=body.get("audience"),
            scopes=set(body["scope"].split()) if "scope" in body else None,
        )
        return Response(
            {
                "access_token": token.access_token,
                "token_type": "Bearer",
                "expires_in": token.expires_in,
                "scope": token.scope,
            }
        )


class RefreshToken(OpenView):
    """`POST /auth/token/refresh`: the next pair; each refresh token works once."""

    def post(self, request: Request) -> Response:
        return Response(_token_body(sessions.refresh(**_checked(bodies.RefreshTokenBody, request))))


class Logout(OpenView):
    """`POST /auth/logout`: 204, whatever the token was."""

    def post(self, request: Request) -> Response:
        sessions.sign_out(**_checked(bodies.RefreshTokenBody, request))
        return Response(status=204)


class PasswordReset(OpenView):
    """`POST /auth/password/reset`: 202, whether or not the address has an account."""

    def post(self, request: Request) -> Response:
        passwords.request_reset(**_checked(bodies.AddressOfAccount, request), client=client_address(request))
        return Response(MAIL_IS_ON_ITS_WAY, status=202)


class PasswordResetConfirm(OpenView):
    """`POST /auth/password/reset/confirm`: the new password counts, all sessions have ended."""

    def post(self, request: Request) -> Response:
        body = _checked(bodies.PasswordReset, request)
        passwords.reset_password(secret=body["token"], new_password=body["new_password"])
        return Response(status=204)


class PasswordChange(OwnView):
    """`POST /auth/password/change`: all sessions end; the answer is the pair of a new one."""

    def post(self, request: Request) -> Response:
        caller = cast(Principal, request.user)
        pair = passwords.change_password(
            customer_id=caller.subject, verified=caller.kind == "staff", **_checked(bodies.PasswordChange, request)
        )
        return Response(_token_body(pair))


class Me(OwnView):
    """`GET`, `PATCH` and `DELETE /customers/me`."""

    def get(self, request: Request) -> Response:
        return Response(selectors.profile(selectors.active_account(_customer_id(request))))

    def patch(self, request: Request) -> Response:
        changes = _checked(bodies.ProfileChange, request, partial=True)
        account = profiles.change_profile(customer_id=_customer_id(request), changes=changes)
        return Response(selectors.profile(account))

    def delete(self, request: Request) -> Response:
        closing.erase(customer_id=_customer_id(request))
        return Response(status=204)


class Export(OwnView):
    """`GET /customers/me/export`: all that is kept here about the caller, as a file."""

    def get(self, request: Request) -> Response:
        headers = {"Content-Disposition": 'attachment; filename="customer.json"'}
        return Response(selectors.export(_customer_id(request)), headers=headers)


class Addresses(OwnView):
    """`GET` and `POST /customers/me/addresses`. A customer has few: they are one page."""

    def get(self, request: Request) -> Response:
        addresses = [selectors.address_body(address) for address in selectors.addresses_of(_customer_id(request))]
        return Response({"results": addresses, "next": None, "previous": None})

    def post(self, request: Request) -> Response:
        values = _checked(bodies.AddressBody, request)
        address = profiles.add_address(customer_id=_customer_id(request), values=values)
        location = f"{request.path}/{address.address_id}"
        return Response(selectors.address_body(address), status=201, headers={"Location": location})


class OneAddress(OwnView):
    """`GET`, `PATCH` and `DELETE /customers/me/addresses/{address_id}`."""

    def get(self, request: Request, address_id: str) -> Response:
        return Response(selectors.address_body(selectors.address_of(_customer_id(request), address_id)))

    def patch(self, request: Request, address_id: str) -> Response:
        changes = _checked(bodies.AddressBody, request, partial=True)
        address = profiles.change_address(customer_id=_customer_id(request), address_id=address_id, changes=changes)
        return Response(selectors.address_body(address))

    def delete(self, request: Request, address_id: str) -> Response:
        profiles.remove_address(customer_id=_customer_id(request), address_id=address_id)
        return Response(status=204)
