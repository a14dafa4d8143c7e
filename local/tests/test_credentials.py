"""Secrets are made once, for their owner alone, and the platform accepts the tokens that they sign."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ecom.common import authentication
from local import credentials


@pytest.fixture
def _local_keys(tmp_path: Path, settings: Any) -> Iterator[None]:
    settings.TOKEN_KEYS = json.loads(credentials.token_key_set(directory=tmp_path))
    authentication._public_keys.cache_clear()
    yield
    authentication._public_keys.cache_clear()


def test_a_secret_is_the_same_at_each_call_and_another_elsewhere(tmp_path: Path) -> None:
    first = credentials.secret("secret_key", directory=tmp_path / "first")

    assert credentials.secret("secret_key", directory=tmp_path / "first") == first
    assert credentials.secret("secret_key", directory=tmp_path / "second") != first
    assert len(first) == 64


def test_all_that_ask_at_the_same_time_get_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(credentials.token_key_set, directory=tmp_path) for _ in range(8)]

    assert len({key_set.result() for key_set in asked}) == 1


def test_secrets_are_for_their_owner_alone(tmp_path: Path) -> None:
    directory = tmp_path / "credentials"
    credentials.secret("secret_key", directory=directory)
    credentials.token_key_set(directory=directory)

    modes = {path.name: path.stat().st_mode & 0o777 for path in directory.iterdir()}
    assert modes == {"secret_key": 0o600, "token_key.pem": 0o600}
    assert directory.stat().st_mode & 0o777 == 0o700


def test_the_published_key_set_holds_no_private_part(tmp_path: Path) -> None:
    (key,) = json.loads(credentials.token_key_set(directory=tmp_path))["keys"]

    assert not {"d", "p", "q"} & set(key)


@pytest.mark.usefixtures("_local_keys")
def test_the_platform_accepts_a_service_account_with_its_scope(tmp_path: Path) -> None:
    principal = authentication.verify_token(credentials.service_token("activity:any", directory=tmp_path))

    assert principal.kind == "service"
    assert principal.scopes == {"activity:any"}


@pytest.mark.usefixtures("_local_keys")
def test_the_platform_refuses_a_token_of_another_machine(tmp_path: Path) -> None:
    foreign = credentials.service_token("activity:any", directory=tmp_path / "elsewhere")

    with pytest.raises(authentication.InvalidToken):
        authentication.verify_token(foreign)
