import jwt
import pytest
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from ecom.common.authentication import BearerAuthentication, InvalidToken, Principal, verify_token
from tests.tokens import KEY_ID, token


def test_a_customers_token_names_the_customer() -> None:
    assert verify_token(token("U109")) == Principal(subject="U109", kind="customer")


def test_a_service_account_brings_its_scopes() -> None:
    principal = verify_token(token("replay", kind="service", scope="activity:any catalog:write"))
    assert principal.scopes == {"activity:any", "catalog:write"}


@pytest.mark.parametrize(
    "refused",
    [
        token("U1", lifetime=-60),
        token("U1", aud="another-service"),
        token("U1", iss="somebody-else"),
        token("U1", kind="emperor"),
        token("U1", scope=["a", "list"]),
        token("U1", nothing="x" * 5000),
        "not-a-token",
        "a.b.c",
        jwt.encode({"sub": "U1", "kind": "staff", "aud": "ecom", "iss": "ecom"}, None, algorithm="none"),
        jwt.encode({"sub": "U1"}, "x" * 32, algorithm="HS256", headers={"kid": KEY_ID}),
        jwt.encode({"sub": "U1"}, "x" * 32, algorithm="HS256", headers={"kid": "unknown"}),
    ],
    ids=lambda value: value[:0],
)
def test_a_token_that_is_not_ours_is_refused(refused: str) -> None:
    with pytest.raises(InvalidToken):
        verify_token(refused)


def test_a_token_without_an_end_is_refused() -> None:
    with pytest.raises(InvalidToken, match="exp"):
        verify_token(token("U1", exp=None))


def _request(authorization: str | None) -> Request:
    headers = {} if authorization is None else {"HTTP_AUTHORIZATION": authorization}
    return Request(APIRequestFactory().get("/", **headers))


def test_a_caller_without_a_token_is_anonymous() -> None:
    assert BearerAuthentication().authenticate(_request(None)) is None


def test_a_bearer_token_is_taken_whatever_the_case_of_its_scheme() -> None:
    result = BearerAuthentication().authenticate(_request(f"bearer {token('U7')}"))
    assert result is not None
    assert result[0].subject == "U7"


@pytest.mark.parametrize("header", ["Basic dTpw", "Bearer", "Bearer nonsense", "x"])
def test_a_bad_authorization_header_is_refused_rather_than_ignored(header: str) -> None:
    with pytest.raises(AuthenticationFailed):
        BearerAuthentication().authenticate(_request(header))
