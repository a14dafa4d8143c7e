"""Secrets of the embedded stacks: made once, kept under .local/ for their owner alone, never committed."""

import json
import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from local.stack import STATE

KEY_ID = "local-1"
# Simulated shoppers keep theirs for as long as the stack runs.
LIFETIME_SECONDS = 30 * 24 * 3600
DIRECTORY = STATE / "credentials"


def secret(name: str, *, directory: Path = DIRECTORY) -> str:
    """A random secret of 64 hexadecimal digits, the same at each call."""
    return _kept(directory / name, lambda: secrets.token_hex(32).encode()).decode()


def token_key_set(*, directory: Path = DIRECTORY) -> str:
    """The public key as the JSON Web Key Set that services verify tokens with."""
    key = RSAAlgorithm.to_jwk(_signing_key(directory).public_key(), as_dict=True)
    return json.dumps({"keys": [{**key, "kid": KEY_ID, "alg": "RS256", "use": "sig"}]})


def token_signing_key(*, directory: Path = DIRECTORY) -> str:
    """The private half, as PEM, for the one service that signs tokens."""
    _signing_key(directory)
    return (directory / "token_key.pem").read_text()


def service_token(scope: str, *, lifetime_seconds: int = LIFETIME_SECONDS, directory: Path = DIRECTORY) -> str:
    """A token of a service account, for replay and load tests; `scope` is words separated by spaces."""
    return _token("local-service-account", "service", lifetime_seconds, directory, scope=scope)


def customer_token(customer_id: str, *, lifetime_seconds: int = LIFETIME_SECONDS, directory: Path = DIRECTORY) -> str:
    """A token of a customer, who need not have an account, for tests and benchmarks."""
    return _token(customer_id, "customer", lifetime_seconds, directory)


def _token(subject: str, kind: str, lifetime_seconds: int, directory: Path, **claims: str) -> str:
    now = int(time.time())
    usual = {"iss": "ecom", "aud": "ecom", "sub": subject, "kind": kind, "iat": now, "exp": now + lifetime_seconds}
    return jwt.encode({**usual, **claims}, _signing_key(directory), algorithm="RS256", headers={"kid": KEY_ID})


def _signing_key(directory: Path) -> rsa.RSAPrivateKey:
    pem = _kept(directory / "token_key.pem", _new_signing_key)
    key = serialization.load_pem_private_key(pem, password=None)
    assert isinstance(key, rsa.RSAPrivateKey)  # noqa: S101 - for the type checker: we wrote the file
    return key


def _new_signing_key() -> bytes:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _kept(path: Path, make: Callable[[], bytes]) -> bytes:
    """The file's content, made first where there is none: whole, and once, even if several start at the same time."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent) as draft:  # readable by its owner alone
            draft.write(make())
            draft.flush()
            with suppress(FileExistsError):
                os.link(draft.name, path)
    return path.read_bytes()
