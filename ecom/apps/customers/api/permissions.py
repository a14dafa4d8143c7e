"""Who may call what here."""

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from ecom.common.authentication import Principal


class IsPerson(BasePermission):
    """A customer or a member of staff; a service account has no profile."""

    message = "This is for customers; a service account has no profile."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, Principal) and request.user.kind in ("customer", "staff")
