"""Tokens for tests: a key pair made anew in each run, and tokens signed with it."""

import json
import time

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

KEY_ID = "test-1"
RUN_SECONDS = 3600  # many tokens are made when tests are collected, and hold until the last of them on any machine
_private_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_key_set() -> str:
    """The JSON Web Key Set that `ECOM_TOKEN_KEYS` takes."""
    key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(_private_key.public_key()))
    return json.dumps({"keys": [{**key, "kid": KEY_ID, "alg": "RS256", "use": "sig"}]})


def signing_key() -> str:
    """The private key as `ECOM_TOKEN_SIGNING_KEY` takes it."""
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return _private_key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


def token(
    subject: str, *, kind: str = "customer", scope: str = "", lifetime: int = RUN_SECONDS, **claims: object
) -> str:
    """A bearer token for `subject`; `claims` replace or add to the usual ones."""
    usual = {
        "iss": "ecom",
        "aud": "ecom",
        "sub": subject,
        "kind": kind,
        "scope": scope,
        "exp": int(time.time()) + lifetime,
    }
    return jwt.encode({**usual, **claims}, _private_key, algorithm="RS256", headers={"kid": KEY_ID})
