"""Key rotation, and a start that is refused rather than one whose tokens nobody takes."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import RSAAlgorithm

from ecom.apps.customers.access_tokens import person_token
from ecom.common import authentication
from ecom.common.authentication import InvalidToken, verify_token
from tests.service_process import environment_of, manage


@dataclass(frozen=True)
class Key:
    """A key pair as the environment has it."""

    kid: str
    pem: str
    jwk: dict[str, object]


def pem(key: object) -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


def new_key(kid: str, bits: int = 2048) -> Key:
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    return Key(kid, pem(key), {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid})


@pytest.fixture(scope="module")
def old() -> Key:
    return new_key("2026-10")


@pytest.fixture(scope="module")
def new() -> Key:
    return new_key("2026-11")


@pytest.fixture
def deploy(settings) -> Iterator[object]:
    """Restarts the service with these public keys and this signing key."""

    def restart(*keys: Key, signing: Key) -> None:
        settings.TOKEN_KEYS = {"keys": [key.jwk for key in keys]}
        settings.TOKEN_SIGNING_KEY, settings.TOKEN_SIGNING_KEY_ID = signing.pem, signing.kid
        authentication._public_keys.cache_clear()

    yield restart
    authentication._public_keys.cache_clear()


def test_tokens_go_on_through_a_rotation(deploy, old: Key, new: Key) -> None:
    deploy(old, signing=old)
    before = person_token(customer_id="U1", staff=False)
    deploy(old, new, signing=old)  # 1: every service learns the new public key
    assert verify_token(before).subject == "U1"
    deploy(old, new, signing=new)  # 2: the new key signs
    after = person_token(customer_id="U1", staff=False)
    assert verify_token(before).subject == verify_token(after).subject == "U1"
    deploy(new, signing=new)  # 3: after the lifetime of a token the old key goes
    assert verify_token(after).subject == "U1"
    with pytest.raises(InvalidToken):
        verify_token(before)


def start(keys: list[dict[str, object]], signing: str, kid: str = "k") -> str:
    """What a start of the customers service says in this environment."""
    environment = environment_of(
        "customers",
        ECOM_TOKEN_KEYS=json.dumps({"keys": keys}),
        ECOM_TOKEN_SIGNING_KEY=signing,
        ECOM_TOKEN_SIGNING_KEY_ID=kid,
    )
    done = manage("check", environment=environment)
    return done.stdout + done.stderr


def test_a_signing_key_that_nobody_could_verify_stops_the_start(old: Key, new: Key) -> None:
    assert "no issues" in start([old.jwk, new.jwk], new.pem, new.kid)
    assert "ECOM_TOKEN_SIGNING_KEY_ID" in start([old.jwk], new.pem, new.kid)
    assert "ECOM_TOKEN_SIGNING_KEY_ID" in start([old.jwk, new.jwk], new.pem, old.kid)


def test_a_key_of_another_kind_stops_the_start(old: Key) -> None:
    for wrong in (pem(ec.generate_private_key(ec.SECP256R1())), "nonsense", new_key("k", bits=1024).pem):
        message = start([old.jwk], wrong)
        assert "ECOM_TOKEN_SIGNING_KEY must be" in message
        assert "PRIVATE KEY" not in message


def test_a_private_key_among_the_published_ones_stops_the_start(old: Key) -> None:
    private = RSAAlgorithm.to_jwk(serialization.load_pem_private_key(old.pem.encode(), None), as_dict=True)
    assert "ECOM_TOKEN_KEYS must hold public" in start([{**private, "kid": old.kid}], old.pem, old.kid)


@pytest.mark.parametrize("service", ["gateway", "catalog", "backoffice", "customers-worker"])
def test_no_other_service_asks_for_the_signing_key(service: str) -> None:
    assert "ECOM_TOKEN_SIGNING_KEY" not in environment_of(service)
    assert "no issues" in manage("check", environment=environment_of(service)).stdout
