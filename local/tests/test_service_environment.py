"""Each process is given what its row of the table of services needs, and nothing more."""

import subprocess
import sys

import pytest

from ecom.services import DATABASES, SERVICES, Backend
from local.processes import answering, command_environment, commands, environment
from local.servers.server import REPOSITORY
from local.service_environment import service_environment
from local.stack import PORTS, WORKERS, Stack

STACK = Stack(offset=400)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_gets_the_databases_of_its_row_alone(service: str) -> None:
    given = {name for name in service_environment(service, STACK) if name.endswith("_DSN")}

    assert given == {f"ECOM_{alias.upper()}_DSN" for alias in SERVICES[service].databases}
    assert set(SERVICES[service].databases) <= set(DATABASES)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_gets_the_backends_of_its_row_alone(service: str) -> None:
    given, row = service_environment(service, STACK), SERVICES[service]

    assert ("ECOM_KAFKA_BOOTSTRAP_SERVERS" in given) == (Backend.KAFKA in row.backends)
    assert ("ECOM_DYNAMODB_ENDPOINT" in given) == (Backend.DYNAMODB in row.backends)
    assert ("ECOM_BROKER_URL" in given) == (Backend.BROKER in row.backends)
    assert ("AWS_SECRET_ACCESS_KEY" in given) == bool(
        row.backends & {Backend.DYNAMODB, Backend.BROKER, Backend.IMPORTS}
    )
    assert ("ECOM_UPLOADS_BUCKET" in given) == (Backend.IMPORTS in row.backends)


@pytest.mark.parametrize("service", SERVICES)
def test_the_settings_accept_the_environment(service: str) -> None:
    started = subprocess.run(
        [sys.executable, "-c", "import django; django.setup()"],
        cwd=REPOSITORY,
        env=service_environment(service, STACK),
        capture_output=True,
        text=True,
        check=False,
    )

    assert started.returncode == 0, started.stderr


def test_variables_of_the_person_who_starts_it_do_not_reach_a_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("ECOM_ORDERS_DSN", "postgresql://production/orders")

    given = service_environment("catalog", STACK)

    assert "AWS_PROFILE" not in given
    assert "ECOM_ORDERS_DSN" not in given


def test_every_service_that_answers_has_ports_of_its_own() -> None:
    given = [environment(name, STACK) for name in answering(STACK)]
    bound = [each[key] for each in given for key in ("ECOM_BIND", "ECOM_MANAGEMENT_BIND") if key in each]

    assert len(set(bound)) == len(bound) == 2 * 6 + len(WORKERS)
    assert all(address.startswith("127.0.0.1:") for address in bound)
    assert set(answering(STACK)) <= set(PORTS)


def test_recorded_time_runs_without_shoppers_and_without_heartbeats() -> None:
    recorded = Stack(offset=400, recorded_time=True)

    assert "shoppers" not in commands(recorded)
    assert service_environment("activity", recorded)["ECOM_HEARTBEAT_SECONDS"] == "0"
    assert command_environment("analytics", recorded)["STREAMING_RECORDED_TIME"] == "1"


def test_an_unknown_service_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'shop'"):
        command_environment("shop", STACK)


def test_a_command_may_speak_for_any_shopper_and_a_serving_process_may_not() -> None:
    assert command_environment("activity", STACK)["ECOM_REPLAY_TOKEN"]
    assert command_environment("shoppers", STACK)["ECOM_GATEWAY_URL"] == "http://127.0.0.1:8400"
    assert "ECOM_REPLAY_TOKEN" not in environment("activity", STACK)
    assert "ECOM_REPLAY_TOKEN" not in command_environment("catalog", STACK)
    assert "ECOM_REPLAY_TOKEN" not in command_environment("orders-worker", STACK)
