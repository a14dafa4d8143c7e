"""Every public route, asked by everybody: what is somebody's own cannot be reached by anybody else."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

from ecom.apps.gateway.routes import ROUTES
from local import credentials
from tests.end_to_end.conftest import Platform
from tests.end_to_end.shop import DELIVERY_ADDRESS, Shop

# In this order: the owner comes last, and finds everything as it was.
CALLERS = ("guest", "other", "staff", "service", "granted", "owner")
PASSWORD = "a password for the walk"
CODE = "walkcode"
REFUSED = frozenset({401, 403, 404})
MAKE_ACCOUNTS = """
from django_otp.plugins.otp_static.models import StaticDevice
from ecom.apps.customers.models import Account
for name in ("owner", "other", "staff"):
    Account.objects.create_user(f"{name}-@RUN@@example.com", "@PASSWORD@", is_staff=name == "staff")
staff = Account.objects.get(email="staff-@RUN@@example.com")
StaticDevice.objects.create(user=staff, name="backup codes").token_set.create(token="@CODE@")
"""

Rule = frozenset[str]
EVERYBODY: Rule = frozenset(CALLERS)
PEOPLE: Rule = frozenset({"owner", "other", "staff"})
SHOPPERS: Rule = PEOPLE | {"guest"}
WRITERS: Rule = frozenset({"staff", "granted"})
OWNER: Rule = frozenset({"owner"})
# Who is let through to each route, with the owner's objects in its path; the others get 401, 403 or 404. What deletes
# comes after what reads. A route without a rule fails the test.
RULES: dict[str, Rule] = {
    "POST /activity/event": EVERYBODY,
    "POST /activity/events": EVERYBODY,
    "POST /activity/beacon": EVERYBODY,
    "GET /products": EVERYBODY,
    "GET /products/{product_id}": EVERYBODY,
    "GET /categories": EVERYBODY,
    "POST /products": WRITERS,
    "POST /products/bulk": WRITERS,
    "PATCH /products/{product_id}": WRITERS,
    "POST /auth/register": EVERYBODY,
    "POST /auth/token": EVERYBODY,
    "POST /auth/token/refresh": EVERYBODY,
    "POST /auth/logout": EVERYBODY,
    "POST /auth/email/verify": EVERYBODY,
    "POST /auth/password/reset": EVERYBODY,
    "POST /auth/password/reset/confirm": EVERYBODY,
    "POST /auth/password/change": PEOPLE,
    "GET /customers/me": PEOPLE,
    "PATCH /customers/me": PEOPLE,
    "GET /customers/me/export": PEOPLE,
    "GET /customers/me/addresses": PEOPLE,
    "POST /customers/me/addresses": PEOPLE,
    "GET /customers/me/addresses/{address_id}": OWNER,
    "PATCH /customers/me/addresses/{address_id}": OWNER,
    "DELETE /customers/me/addresses/{address_id}": OWNER,
    "GET /cart": SHOPPERS,
    "POST /cart/add": SHOPPERS,
    "PATCH /cart/items/{product_id}": OWNER,
    "DELETE /cart/items/{product_id}": OWNER,
    "DELETE /cart": SHOPPERS,
    "GET /orders": PEOPLE,
    "POST /orders": PEOPLE,
    "GET /orders/{order_id}": OWNER | {"staff"},
    "POST /orders/{order_id}/transitions": WRITERS,
    "POST /orders/{order_id}/cancel": OWNER | {"staff"},
    "DELETE /products/{product_id}": WRITERS,
    "DELETE /customers/me": OWNER | {"other"},  # 409 for staff: see below
}

EMPTY: dict[str, object] = {"POST": {}, "PATCH": {}}
BODIES: dict[str, object] = {"PATCH /cart/items/{product_id}": {"quantity": 2}}  # where an empty one is refused first


@dataclass(frozen=True, slots=True)
class Walk:
    """A running shop with the owner's objects, and everybody's headers."""

    shop: Shop
    headers: Mapping[str, Mapping[str, str]]
    objects: Mapping[str, str]

    def let_through(self, rule: str) -> Rule:
        """The callers whose request was not refused."""
        method, template = rule.split(" ")
        path = template.format(**self.objects)
        statuses = {
            caller: self.shop.send_once(method, path, BODIES.get(rule, EMPTY.get(method)), headers).status
            for caller, headers in self.headers.items()
        }
        assert all(status < 500 for status in statuses.values()), (rule, statuses)
        return frozenset(caller for caller, status in statuses.items() if status not in REFUSED)


def begin(platform: Platform) -> Walk:
    """Accounts, and the owner's cart, order and address."""
    shop, run = Shop(platform.stack), uuid4().hex[:12]
    make = MAKE_ACCOUNTS.replace("@RUN@", run).replace("@PASSWORD@", PASSWORD).replace("@CODE@", CODE)
    platform.manage("shell", "-c", make)
    tokens = {name: signed_in(shop, f"{name}-{run}@example.com") for name in ("owner", "other")}
    tokens["staff"] = signed_in(shop, f"staff-{run}@example.com", otp=CODE)
    tokens["service"] = credentials.service_token("activity:read")
    tokens["granted"] = credentials.service_token("catalog:write orders:transition")
    headers = {caller: {"Authorization": f"Bearer {tokens[caller]}"} if caller in tokens else {} for caller in CALLERS}
    return Walk(shop, headers, objects_of(shop, headers["owner"]))


def signed_in(shop: Shop, email: str, **otp: str) -> str:
    """A person's access token."""
    body = {"grant_type": "password", "email": email, "password": PASSWORD, **otp}
    answer = shop.send("POST", "/auth/token", body, {})
    assert answer.status == 200, answer.body
    return str(answer.json()["access_token"])


def objects_of(shop: Shop, owner: Mapping[str, str]) -> dict[str, str]:
    """One of each kind of object, with its public id."""
    product_id = f"R{uuid4().hex[:12]}"
    shop.stock_up({product_id: 5})
    item = {"product_id": product_id, "quantity": 1}
    order = {"items": [item], "delivery_address": DELIVERY_ADDRESS}
    placed = shop.send("POST", "/orders", order, {**owner, "Idempotency-Key": uuid4().hex})
    address = shop.send("POST", "/customers/me/addresses", DELIVERY_ADDRESS, owner)
    assert shop.send("POST", "/cart/add", item, owner).status == 200
    return {
        "product_id": product_id,
        "order_id": placed.json()["order_id"],
        "address_id": address.json()["address_id"],
    }


def test_each_route_lets_through_exactly_whom_it_should(live_platform: Platform) -> None:
    routes = {f"{method} {route.path}" for route in ROUTES for method in route.methods}
    assert routes == set(RULES)
    walk = begin(live_platform)
    found = {rule: walk.let_through(rule) for rule in RULES}
    found["DELETE /customers/me"] -= {"staff"}  # staff are known here, and told that they are not erased like this
    assert found == RULES
