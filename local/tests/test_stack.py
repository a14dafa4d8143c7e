"""Ports, folders and switches of a stack."""

import pytest

from local.stack import PORTS, Stack


def test_port_offset_moves_every_port() -> None:
    stack = Stack.of_environment({"PORT_OFFSET": "400"})

    assert {name: stack.port(name) for name in PORTS} == {name: port + 400 for name, port in PORTS.items()}
    assert stack.ready_url("gateway") == "http://127.0.0.1:8500/readyz"
    assert stack.kafka.bootstrap_servers == "127.0.0.1:19492"


def test_two_stacks_share_no_port_and_no_folder() -> None:
    first, second = Stack(0), Stack(400)

    assert {first.port(name) for name in PORTS}.isdisjoint(second.port(name) for name in PORTS)
    assert first.directory != second.directory


def test_recorded_time_keeps_its_data_apart() -> None:
    live, recorded = Stack.of_environment({}), Stack.of_environment({"RECORDED_TIME": "1"})

    assert live.kafka.directory != recorded.kafka.directory
    assert live.streaming_state != recorded.streaming_state


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT_OFFSET", "many"), ("PORT_OFFSET", "-1"), ("PORT_OFFSET", "60000"), ("RECORDED_TIME", "yes")],
)
def test_a_malformed_variable_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=name):
        Stack.of_environment({name: value})
