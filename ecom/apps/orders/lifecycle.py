"""The states of an order: which follows which, who may bring it there, and what that does to its units in the stock."""

from dataclasses import dataclass

from ecom.apps.orders.models import Actor, Status

_BACKOFFICE = frozenset({Actor.STAFF, Actor.SERVICE})
_ANYBODY = frozenset(Actor)


@dataclass(frozen=True, slots=True)
class Rule:
    """One step. `returns_stock`: its units can be sold again; `needs_sold`: the catalog must have confirmed them."""

    before: Status
    after: Status
    actors: frozenset[Actor]
    returns_stock: bool = False
    needs_sold: bool = False


# A cancelled order's units never left, and go back. Those of a refunded one did leave: whether they come back, and in a
# state to be sold, only the people who open the parcel know; they change the product's stock.
RULES = (
    Rule(Status.PLACED, Status.PAID, _BACKOFFICE),
    Rule(Status.PLACED, Status.CANCELLED, _ANYBODY, returns_stock=True),
    Rule(Status.PAID, Status.SHIPPED, _BACKOFFICE, needs_sold=True),
    Rule(Status.PAID, Status.CANCELLED, _ANYBODY, returns_stock=True),
    Rule(Status.SHIPPED, Status.DELIVERED, _BACKOFFICE),
    Rule(Status.SHIPPED, Status.REFUNDED, _BACKOFFICE),
    Rule(Status.DELIVERED, Status.REFUNDED, _BACKOFFICE),
)
NEED_ADDRESS = (Status.PLACED, Status.PAID)  # a parcel has still to be sent there
_RULES = {(rule.before, rule.after): rule for rule in RULES}


class Forbidden(Exception):
    """This step does not follow from the order's state, or not for this actor; `allowed` are the states that do."""

    def __init__(self, before: str, after: str, allowed: list[str]) -> None:
        super().__init__(f"{before} does not go to {after} here")
        self.before, self.after, self.allowed = before, after, allowed


def rule_of(*, before: str, after: str, actor: Actor) -> Rule:
    """The rule that allows this step. Raises Forbidden."""
    rule = _RULES.get((Status(before), Status(after)))
    if rule is None or actor not in rule.actors:
        raise Forbidden(before, after, allowed(before=before, actor=actor))
    return rule


def allowed(*, before: str, actor: Actor) -> list[str]:
    """The states into which this actor may bring an order that is in `before`."""
    return [rule.after.value for rule in RULES if rule.before == before and actor in rule.actors]
