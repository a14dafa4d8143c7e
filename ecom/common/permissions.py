"""Who may call a view: rules over what the token says. Without a token the answer is 401, with another's 403.

A rule goes into a view as it is: `permission_classes = (IsStaffOrHasScope("catalog:write"),)`.
"""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from ecom.common.authentication import Principal


def HasScope(scope: str) -> type[BasePermission]:
    """A service account that was granted this scope, and nobody else: for calls between services."""

    class Rule(BasePermission):
        message = f"This is for services with the scope {scope}."

        def has_permission(self, request: Request, view: Any) -> bool:
            return _is_service_with(scope, request.user)

    return Rule


def IsStaffOrHasScope(scope: str) -> type[BasePermission]:
    """A member of staff, or a service account that was granted this scope."""

    class Rule(BasePermission):
        message = f"This is for staff and for services with the scope {scope}."

        def has_permission(self, request: Request, view: Any) -> bool:
            return _is_staff(request.user) or _is_service_with(scope, request.user)

    return Rule


def _is_staff(caller: object) -> bool:
    return isinstance(caller, Principal) and caller.kind == "staff"


def _is_service_with(scope: str, caller: object) -> bool:
    """A scope in a person's token counts for nothing."""
    return isinstance(caller, Principal) and caller.kind == "service" and scope in caller.scopes
