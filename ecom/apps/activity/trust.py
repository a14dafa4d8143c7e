"""Who may speak for whom, and how far we believe it."""

from dataclasses import dataclass
from enum import StrEnum

from ecom.common.authentication import Principal

ANY_USER = "activity:any"


class Trust(StrEnum):
    """The header `trust`: known by a token, by the gateway's signed cookie, or not at all."""

    CUSTOMER = "customer"
    VISITOR = "visitor"
    ANONYMOUS = "anonymous"


class NotYours(Exception):
    """A signed-in caller spoke for another user."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request: the token's principal, the visitor of the signed cookie, the address, and whether a bot."""

    address: str
    principal: Principal | None = None
    visitor: str | None = None
    bot: bool = False

    def trust_in(self, user_id: str) -> Trust:
        """How far an event of this user is believed. Raises NotYours."""
        if speaks_for_anyone(self.principal) or (self.principal is not None and self.principal.subject == user_id):
            return Trust.CUSTOMER
        if self.visitor == user_id:
            return Trust.VISITOR
        if self.principal is not None:
            raise NotYours
        return Trust.ANONYMOUS


def speaks_for_anyone(principal: Principal | None) -> bool:
    """True for a service account that replays or forwards what many shoppers did."""
    return principal is not None and principal.kind == "service" and ANY_USER in principal.scopes
