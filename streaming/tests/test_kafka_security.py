"""What the job tells Kafka of itself. That Kafka then lets it read and write, the test against the model shows."""

from dataclasses import replace

import pytest

from streaming.failures import NotReady
from streaming.kafka_security import table_properties
from streaming.options import Options
from streaming.tests.job_process import command_line

SECURE = replace(Options(), kafka_tls=True)


def test_without_tls_only_the_address_is_said() -> None:
    assert table_properties(Options(), {}) == "'properties.bootstrap.servers' = '127.0.0.1:19092',"


def test_a_missing_credential_is_named() -> None:
    with pytest.raises(NotReady, match=r"^KAFKA_PASSWORD must be in the environment"):
        table_properties(SECURE, {"KAFKA_USERNAME": "job"})


def test_quotes_and_backslashes_of_a_password_are_kept() -> None:
    found = table_properties(SECURE, {"KAFKA_USERNAME": "job", "KAFKA_PASSWORD": """a'b"c\\d"""})
    assert """password="a''b\\"c\\\\d";'""" in found


def test_no_password_is_shown_by_config() -> None:
    shown = command_line("config", environment={"KAFKA_USERNAME": "job", "KAFKA_PASSWORD": "open-sesame"})
    assert shown.returncode == 0
    assert "open-sesame" not in shown.stdout
