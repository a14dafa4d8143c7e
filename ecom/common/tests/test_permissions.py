import pytest
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from ecom.common.permissions import HasScope, IsStaffOrHasScope
from tests.tokens import token


class ForServices(APIView):
    permission_classes = (HasScope("catalog:reserve"),)

    def get(self, request):
        return Response("done")


class ForStaffAndServices(ForServices):
    permission_classes = (IsStaffOrHasScope("catalog:write"),)


ANYBODY = {"customer": token("U1"), "staff": token("U2", kind="staff")}
SERVICES = {
    "reserver": token("orders", kind="service", scope="catalog:reserve"),
    "writer": token("importer", kind="service", scope="activity:any catalog:write"),
    "nothing": token("nobody", kind="service"),
    "customer with a scope": token("U1", scope="catalog:reserve catalog:write"),
    "staff with a scope": token("U2", kind="staff", scope="catalog:reserve"),
}


@pytest.mark.parametrize(
    ("view", "let_in"),
    [(ForServices, {"reserver"}), (ForStaffAndServices, {"staff", "staff with a scope", "writer"})],
)
def test_a_rule_lets_in_whom_it_names_and_nobody_else(view, let_in) -> None:
    statuses = {}
    for name, bearer in (ANYBODY | SERVICES).items():
        request = APIRequestFactory().get("/", headers={"Authorization": f"Bearer {bearer}"})
        statuses[name] = view.as_view()(request).status_code
    assert {name for name, status in statuses.items() if status == 200} == let_in
    assert set(statuses.values()) == {200, 403}


@pytest.mark.parametrize("view", [ForServices, ForStaffAndServices])
def test_whoever_brings_no_token_is_asked_for_one(view) -> None:
    response = view.as_view()(APIRequestFactory().get("/"))
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
