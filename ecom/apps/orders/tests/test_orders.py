import jsonschema
import orjson
import pytest

from ecom.apps.orders.models import IdempotencyKey, Order, OrderLine, OutboxEvent
from ecom.apps.orders.tests.shop import ADA, ADDRESS, BOB, Api, stock_of, stock_up, units_reserved
from ecom.contracts.released import schema_document
from tests.tokens import token

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def things(shop: None) -> None:
    for number in range(1, 6):
        stock_up(f"P{number}", price=1000 + number)


def euros(amount: int) -> dict[str, object]:
    return {"amount": amount, "currency": "EUR"}


def test_an_order_takes_its_units_and_is_stored_with_names_and_prices_as_sold(ada: Api) -> None:
    response = ada.order({"P1": 2, "P2": 1})
    assert response.status_code == 201
    body = response.json()
    assert response["Location"] == f"/orders/{body['order_id']}"
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "no-store"
    assert body["status"] == "PLACED"
    assert (body["currency"], body["total"]) == ("EUR", euros(3004))
    assert body["lines"] == [
        {"product_id": "P1", "title": "Thing P1", "quantity": 2, "unit_price": euros(1001), "line_total": euros(2002)},
        {"product_id": "P2", "title": "Thing P2", "quantity": 1, "unit_price": euros(1002), "line_total": euros(1002)},
    ]
    assert body["delivery_address"] == {"company": "", "line2": "", "region": "", "phone": "", **ADDRESS}
    (placed,) = body["transitions"]
    assert placed == {"from": None, "to": "PLACED", "at": body["placed_at"], "actor": "customer", "reason": ""}
    assert (stock_of("P1"), units_reserved("P1")) == (8, 2)
    stock_up("P1", price=9, title="Renamed")
    assert ada("GET", response["Location"]).content == response.content


def test_an_order_of_the_cart_empties_it(ada: Api) -> None:
    ada.add("P1", 2)
    ada.add("P3")
    body = ada.order().json()
    assert {line["product_id"]: line["quantity"] for line in body["lines"]} == {"P1": 2, "P3": 1}
    assert ada.cart() == {}


def test_an_order_of_explicit_items_leaves_the_cart(ada: Api) -> None:
    ada.add("P1", 2)
    assert ada.order({"P2": 1}).status_code == 201
    assert ada.cart() == {"P1": 2}


def test_an_order_right_after_the_sign_in_is_of_the_guests_cart_too(guest: Api, ada: Api, statements) -> None:
    ada.add("P1", 1)
    signed_in = Api(ADA, cart_token=guest.add("P2", 2)["cart_token"])
    with statements() as kinds:
        body = signed_in.order().json()
    assert len(kinds) == 12
    assert {line["product_id"] for line in body["lines"]} == {"P1", "P2"}
    assert (ada.cart(), guest.cart()) == ({}, {})


def test_an_order_of_five_lines_takes_nine_statements_and_one_call(ada: Api, statements, catalog_calls) -> None:
    for number in range(1, 6):
        ada.add(f"P{number}", number)
    catalog_calls.clear()
    with statements() as kinds:
        assert ada.order().status_code == 201
    assert kinds == ["INSERT", "SELECT", "UPDATE", "SELECT", "DELETE", "INSERT", "INSERT", "INSERT", "INSERT"]
    assert [call.rpartition("/")[0] for call in catalog_calls] == ["PUT /internal/reservations"]


def test_placing_writes_an_event_as_the_contract_says(ada: Api) -> None:
    order_id = ada.ordered({"P1": 2, "P2": 1})
    event = OutboxEvent.objects.get()
    assert (event.type, event.key, event.published_at) == ("ecom.order-event.v1", order_id, None)
    jsonschema.validate(event.body, schema_document("order-event", "1.0"))
    assert event.body.pop("occurred_at").endswith("Z")
    assert event.body == {
        "order_id": order_id,
        "customer_id": ADA,
        "status": "PLACED",
        "previous_status": None,
        "reason": "",
        "sequence": 1,
        "total": euros(3004),
        "lines": [
            {"product_id": "P1", "quantity": 2, "price": euros(1001)},
            {"product_id": "P2", "quantity": 1, "price": euros(1002)},
        ],
    }


def test_what_is_short_is_named_and_nothing_is_taken(ada: Api) -> None:
    stock_up("P2", stock=1)
    response = ada.order({"P1": 1, "P2": 2, "P9": 1})
    assert response.status_code == 409
    problem = response.json()
    assert problem["type"] == "urn:ecom:problem:out-of-stock"
    assert problem["shortages"] == [
        {"product_id": "P2", "requested": 2, "available": 1},
        {"product_id": "P9", "requested": 1, "available": 0},
    ]
    assert [error["pointer"] for error in problem["errors"]] == ["/items/1/quantity", "/items/2/quantity"]
    assert (stock_of("P1"), stock_of("P2")) == (10, 1)
    assert not Order.objects.exists()


def test_a_cart_that_cannot_be_ordered_is_kept(ada: Api) -> None:
    ada.add("P1", 11)
    assert ada.order().status_code == 409
    assert ada.cart() == {"P1": 11}


def test_an_order_in_two_currencies_is_refused_and_gives_its_units_back(ada: Api) -> None:
    stock_up("P6", currency="USD")
    response = ada.order({"P1": 1, "P6": 1})
    assert response.status_code == 422
    assert response.json()["type"] == "urn:ecom:problem:mixed-currencies"
    assert response.json()["errors"][0]["pointer"] == "/items/1/product_id"
    assert (stock_of("P1"), stock_of("P6")) == (10, 10)
    assert not Order.objects.exists()


def test_an_order_whose_total_no_reader_holds_exactly_is_refused(ada: Api) -> None:
    stock_up("P6", price=10**12, stock=20_000)
    for number in range(10):
        stock_up(f"Q{number}", price=10**12, stock=1000)
    response = ada.order({f"Q{number}": 1000 for number in range(10)})
    assert response.status_code == 422
    assert response.json()["type"] == "urn:ecom:problem:total-too-large"
    assert stock_of("Q0") == 1000


def test_an_empty_cart_is_no_order(ada: Api) -> None:
    response = ada.order()
    assert response.status_code == 422
    assert response.json()["type"] == "urn:ecom:problem:empty-cart"
    assert not IdempotencyKey.objects.exists()


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"items": []}, "/items"),
        ({"items": {}}, "/items"),
        ({"items": [{"product_id": "P1"}]}, "/items/0/quantity"),
        ({"items": [{"product_id": "P1", "quantity": 1}, {"product_id": "P2", "quantity": 0}]}, "/items/1/quantity"),
        ({"items": [{"product_id": "P1", "quantity": 1}, {"product_id": "P1", "quantity": 2}]}, "/items"),
        ({"items": [{"product_id": f"P{n}", "quantity": 1} for n in range(101)]}, "/items"),
        ({"items": [7]}, "/items/0"),
        ({"delivery_address": None}, "/delivery_address"),
        ({"delivery_address": {}}, "/delivery_address/recipient"),
        ({"delivery_address": {**ADDRESS, "country": "XX"}}, "/delivery_address/country"),
        ({"delivery_address": {**ADDRESS, "planet": "Earth"}}, "/delivery_address/planet"),
        ({"delivery_address": {**ADDRESS, "line1": "\0"}}, "/delivery_address/line1"),
        ({"customer_id": "U1"}, "/customer_id"),
    ],
)
def test_a_request_that_is_not_understood_is_refused_by_name(
    ada: Api, change: dict[str, object], pointer: str, catalog_calls
) -> None:
    response = ada.order({"P1": 1}, **change)
    assert response.status_code == 400
    assert pointer in [error["pointer"] for error in response.json()["errors"]]
    assert catalog_calls == []
    assert not IdempotencyKey.objects.exists()


@pytest.mark.parametrize("key", ["", "short", "x" * 65, "with spaces in it", "ключ-ключ-ключ"])
def test_an_order_needs_an_idempotency_key(ada: Api, key: str) -> None:
    headers = {"Idempotency-Key": key} if key else {}
    response = ada("POST", "/orders", {"delivery_address": ADDRESS}, **headers)
    assert response.status_code == 400
    assert response.json()["type"] == "urn:ecom:problem:idempotency-key"


def test_orders_are_listed_newest_first_in_two_statements_a_page(ada: Api, statements) -> None:
    made = [ada.ordered({"P1": 1, "P2": 1}) for _ in range(5)]
    Api(BOB).ordered({"P3": 1})
    with statements() as kinds:
        page = ada("GET", "/orders?limit=2").json()
    assert kinds == ["SELECT", "SELECT"]
    assert set(page["results"][0]) == {"order_id", "status", "placed_at", "currency", "total", "lines"}
    assert [line["product_id"] for line in page["results"][0]["lines"]] == ["P1", "P2"]
    seen = [order["order_id"] for order in page["results"]]
    while page["next"]:
        page = ada("GET", page["next"]).json()
        seen += [order["order_id"] for order in page["results"]]
    assert seen == made[::-1]
    back = ada("GET", page["previous"]).json()
    assert [order["order_id"] for order in back["results"]] == made[::-1][2:4]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "cursor=x", "cursor=WyJ4IixbMV0sZmFsc2Vd"])
def test_a_query_that_is_not_understood_is_refused(ada: Api, query: str) -> None:
    response = ada("GET", f"/orders?{query}")
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == f"/{query.partition('=')[0]}"


def test_an_order_is_read_in_three_statements(ada: Api, statements) -> None:
    order_id = ada.ordered({"P1": 1, "P2": 1})
    with statements() as kinds:
        assert ada("GET", f"/orders/{order_id}").status_code == 200
    assert kinds == ["SELECT"] * 3


def test_orders_are_their_customers_alone(ada: Api) -> None:
    order_id = ada.ordered({"P1": 1})
    path = f"/orders/{order_id}"
    before = orjson.dumps(ada("GET", path).json())
    everybody = {"guest": Api(), "other": Api(BOB), "staff": Api("staff"), "service": Api("importer")}
    asked = {
        ("GET", path): {"guest": 401, "other": 404, "staff": 200, "service": 403},
        ("POST", f"{path}/cancel"): {"guest": 401, "other": 404, "service": 403},
        ("POST", f"{path}/transitions"): {"guest": 401, "other": 403, "service": 403},
        ("GET", "/orders"): {"guest": 401, "other": 200, "staff": 200, "service": 403},
        ("POST", "/orders"): {"guest": 401, "service": 403},
    }
    for (method, where), expected in asked.items():
        for who, status in expected.items():
            body = {"to": "PAID"} if where.endswith("transitions") else None if method == "GET" else {}
            response = everybody[who](method, where, body)
            assert response.status_code == status, (method, where, who, response.content)
            assert response["Cache-Control"] == "no-store"
    for who in ("other", "staff"):
        assert everybody[who]("GET", "/orders").json()["results"] == []
    assert orjson.dumps(ada("GET", path).json()) == before
    assert Api("payments")("GET", path).status_code == 403
    assert OrderLine.objects.count() == 1


@pytest.mark.urls("ecom.urls.orders")
@pytest.mark.parametrize("order_id", ["O0000000000000000", "1", "o0000000000000000", "O" * 300, "%00"])
def test_what_is_no_order_is_not_found(ada: Api, order_id: str) -> None:
    for who in (ada, Api("staff")):
        assert who("GET", f"/orders/{order_id}").status_code == 404
        assert who("POST", f"/orders/{order_id}/cancel", {}).status_code == 404
    assert Api("staff")("POST", f"/orders/{order_id}/transitions", {"to": "PAID"}).status_code == 404


def test_a_customer_whom_nobody_has_seen_before_has_no_orders() -> None:
    nobody = Api()
    nobody.headers = {"Authorization": f"Bearer {token('UNOBODY')}"}
    assert nobody("GET", "/orders").json() == {"results": [], "next": None, "previous": None}
