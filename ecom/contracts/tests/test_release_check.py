"""What `manage.py check_contracts` lets through, and what it names."""

import shutil
from pathlib import Path

import orjson
import pytest

from ecom.contracts.release_check import faults, release, unreleased
from ecom.contracts.released import DIGESTS, FOLDER
from tests.service_process import REPOSITORY, environment_of, manage

RAW = "schemas/raw-event"


@pytest.fixture
def contracts(tmp_path: Path) -> Path:
    """A copy of the schemas and of the list of those that are released."""
    for part in ("schemas", "golden"):
        shutil.copytree(FOLDER / part, tmp_path / part)
    return tmp_path


def write(contracts: Path, version: str, change=lambda schema: None) -> None:
    """A new version of the raw event: the first one, with a change."""
    schema = orjson.loads((contracts / RAW / "v1.0.json").read_bytes())
    schema["$id"] = f"/contracts/raw-event/{version}"
    change(schema)
    (contracts / RAW / f"v{version}.json").write_bytes(orjson.dumps(schema))


def test_the_products_own_contracts_are_as_released() -> None:
    assert faults(FOLDER) == unreleased(FOLDER) == []


def test_a_compatible_version_may_be_released_and_is_pinned_from_then_on(contracts: Path) -> None:
    write(contracts, "1.2", lambda schema: schema["properties"].update(locale={"type": "string"}))
    assert faults(contracts) == []
    assert unreleased(contracts) == [("raw-event", "1.2")]
    release(contracts)
    assert unreleased(contracts) == faults(contracts) == []
    write(contracts, "1.2")
    (fault,) = faults(contracts)
    assert fault.startswith("raw-event 1.2 was altered after its release")


def test_a_version_is_held_against_every_other_of_its_major_and_of_no_other(contracts: Path) -> None:
    """1.2 agrees with 1.0, which has no campaign, and not with 1.1."""
    write(contracts, "1.2", lambda schema: schema["properties"].update(campaign={"type": "integer"}))
    write(contracts, "2.0", lambda schema: schema.update(required=[]))
    assert faults(contracts) == [
        "raw-event 1.1 and raw-event 1.2 cannot read each other's data: "
        "campaign takes other values in one version than in the other"
    ]


def test_a_released_file_that_is_gone_is_missed(contracts: Path) -> None:
    (contracts / RAW / "v1.0.json").unlink()
    assert faults(contracts) == ["raw-event 1.0 was released, and its file is gone"]


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"properties": {}'])
def test_what_is_no_schema_is_named(contracts: Path, content: bytes) -> None:
    (contracts / RAW / "v1.2.json").write_bytes(content)
    assert faults(contracts) == ["raw-event 1.2 is not a JSON object with properties and required"]


def test_a_schema_names_its_own_address(contracts: Path) -> None:
    write(contracts, "1.2", lambda schema: schema.update({"$id": "/contracts/raw-event/1.1"}))
    assert faults(contracts) == ["raw-event 1.2 has the $id /contracts/raw-event/1.1, which is not its address"]


def test_the_command_fails_naming_the_fault_and_releases_what_has_none(contracts: Path, tmp_path: Path) -> None:
    """In a copy of the code, as the command looks at its own."""
    code = tmp_path / "code"
    shutil.copytree(REPOSITORY / "ecom", code / "ecom", ignore=shutil.ignore_patterns("__pycache__", ".*"))
    shutil.copy(REPOSITORY / "manage.py", code)
    own = code / "ecom" / "contracts"

    def check(*options: str) -> tuple[int, str]:
        checked = manage("check_contracts", *options, environment=environment_of("activity"), folder=code)
        return checked.returncode, checked.stdout + checked.stderr

    write(own, "1.2", lambda schema: schema["required"].append("session_id"))
    status, said = check("--release")
    assert status == 1
    assert "session_id is required in one version and not in the other" in said
    write(own, "1.2")
    assert check() == (1, "CommandError: raw-event 1.2 is not released: do so with `check_contracts --release`\n")
    assert check("--release")[0] == 0
    assert b"raw-event/1.2" in (own / DIGESTS).read_bytes()
    assert check()[0] == 0
