"""The public keys are published, and no more than the public half of each."""

import orjson

from ecom.apps.gateway.tests.gateway_process import Gateway
from ecom.apps.gateway.tests.raw_http import get
from tests.tokens import KEY_ID


def test_the_gateway_publishes_the_public_keys(gateway: Gateway) -> None:
    answer = get(gateway.port, "/.well-known/jwks.json")
    (key,) = orjson.loads(answer.body)["keys"]
    assert (key["kid"], key["kty"], key["alg"]) == (KEY_ID, "RSA", "RS256")
    assert "d" not in key
