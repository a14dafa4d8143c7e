"""How the job and the tools beside it prove to Kafka who they are: SCRAM-SHA-512 over TLS, as MSK has it.

User and password are taken from KAFKA_USERNAME and KAFKA_PASSWORD, as AWS's credentials are from AWS's variables, or
from the secret of Google's that an option names: so no option, file or `config` shows them.
"""

import os
from collections.abc import Mapping
from typing import Any

from streaming import kafka_secret
from streaming.failures import NotReady
from streaming.options import Options

MECHANISM = "SCRAM-SHA-512"
# The connector brings Kafka's client under names of its own.
LOGIN_MODULE = "org.apache.flink.kafka.shaded.org.apache.kafka.common.security.scram.ScramLoginModule"


def client_settings(options: Options, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The settings of kafka-python's clients; raise NotReady where a credential is missing."""
    common: dict[str, Any] = {"bootstrap_servers": options.bootstrap_servers}
    if not options.kafka_tls:
        return common
    user, password = _credentials(options, environment)
    return common | {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": MECHANISM,
        "sasl_plain_username": user,
        "sasl_plain_password": password,
        "ssl_cafile": options.kafka_ca_file or None,
    }


def table_properties(options: Options, environment: Mapping[str, str] = os.environ) -> str:
    """The properties that every Kafka table of the SQL has, each line with a comma at its end."""
    properties = {"bootstrap.servers": options.bootstrap_servers}
    if options.kafka_tls:
        user, password = _credentials(options, environment)
        login = f'{LOGIN_MODULE} required username="{_escaped(user)}" password="{_escaped(password)}";'
        properties |= {"security.protocol": "SASL_SSL", "sasl.mechanism": MECHANISM, "sasl.jaas.config": login}
        properties |= _trusted(options.kafka_ca_file)
    return "\n  ".join(f"'properties.{name}' = '{_quoted(value)}'," for name, value in properties.items())


def _credentials(options: Options, environment: Mapping[str, str]) -> tuple[str, str]:
    names = ("KAFKA_USERNAME", "KAFKA_PASSWORD")
    if missing := [name for name in names if not environment.get(name)]:
        if options.kafka_secret:
            return kafka_secret.read(options.kafka_secret)
        raise NotReady(f"{' and '.join(missing)} must be in the environment where kafka_tls is on")
    return environment[names[0]], environment[names[1]]


def _trusted(ca_file: str) -> dict[str, str]:
    """The authorities whose certificates are good: those of a PEM file, or Java's own."""
    return {"ssl.truststore.type": "PEM", "ssl.truststore.location": ca_file} if ca_file else {}


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _quoted(text: str) -> str:
    return text.replace("'", "''")
