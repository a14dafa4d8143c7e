"""Who may call what here."""

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from ecom.common.authentication import Principal


def _kind(request: Request) -> str | None:
    return request.user.kind if isinstance(request.user, Principal) else None


class IsPerson(BasePermission):
    """A customer or a member of staff; a service account buys nothing."""

    message = "This is for customers; a service account buys nothing."

    def has_permission(self, request: Request, view: object) -> bool:
        return _kind(request) in ("customer", "staff")


class IsPersonOrGuest(BasePermission):
    """Anybody but a service account."""

    message = "A service account has no cart."

    def has_permission(self, request: Request, view: object) -> bool:
        return _kind(request) != "service"
