"""The environment of each process: what its row of `ecom/services.py` needs, and nothing more."""

import os
from collections.abc import Mapping

from ecom.services import CUSTOMERS, SERVICES, Backend, Service
from local import credentials
from local.provision import (
    ACCOUNT_ID,
    IMPORT_QUEUE,
    IMPORT_SECRET,
    LOCAL_CREDENTIALS,
    ORDERS_ACCOUNT,
    QUEUE_PREFIX,
    REPORTS_BUCKET,
    UPLOADS_BUCKET,
)
from local.servers.server import LOOPBACK, REPOSITORY
from local.stack import Stack

# Everybody on this machine has the same address.
_FOR_ACCOUNTS = {"ECOM_FREE_ATTEMPTS_PER_CLIENT": "100000"}
_AT_THE_EDGE = {f"ECOM_RATE_LIMIT_{rate}": "1000000/second" for rate in ("SIGN_IN", "READS", "WRITES", "MACHINES")}
INHERITED = ("HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "TERM", "JAVA_HOME")


def service_environment(service: str, stack: Stack) -> dict[str, str]:
    """The variables of a service of the table. Raises KeyError for an unknown one."""
    row = SERVICES[service]
    return {
        **process_environment(environment="venv"),
        "DJANGO_SETTINGS_MODULE": "ecom.settings",
        "ECOM_SERVICE": service,
        "ECOM_SECRET_KEY": credentials.secret("secret_key"),
        "ECOM_VISITOR_KEY": credentials.secret("visitor_key"),
        "ECOM_TOKEN_KEYS": credentials.token_key_set(),
        "ECOM_ALLOWED_HOSTS": f"{LOOPBACK},localhost",
        **{f"ECOM_{alias.upper()}_DSN": stack.postgres.dsn(alias) for alias in row.databases},
        **{f"ECOM_UPSTREAM_{name.upper()}": stack.url(name) for name in row.upstreams},
        **(_signing() if row.signs_tokens else {}),
        **(_service_account() if row.signs_in else {}),
        **(_AT_THE_EDGE if row.edge else {}),
        **(_FOR_ACCOUNTS if CUSTOMERS in row.contexts else {}),
        **_backends(row, stack),
    }


def _signing() -> dict[str, str]:
    return {
        "ECOM_TOKEN_SIGNING_KEY": credentials.token_signing_key(),
        "ECOM_TOKEN_SIGNING_KEY_ID": credentials.KEY_ID,
    }


def _service_account() -> dict[str, str]:
    return {
        "ECOM_SERVICE_CLIENT_ID": ORDERS_ACCOUNT.client_id,
        "ECOM_SERVICE_CLIENT_SECRET": credentials.secret(ORDERS_ACCOUNT.secret),
    }


def analytics_environment(stack: Stack) -> dict[str, str]:
    """The variables of the Flink job, which has no row in the table: it is no Django process."""
    return {
        **process_environment(environment="venv-streaming"),
        **LOCAL_CREDENTIALS,
        "STREAMING_BOOTSTRAP_SERVERS": stack.kafka.bootstrap_servers,
        "STREAMING_DYNAMODB_ENDPOINT": stack.dynamodb.endpoint,
        "STREAMING_REST_PORT": str(stack.port("flink")),
        "STREAMING_STATE_DIR": str(stack.streaming_state),
        "STREAMING_RECORDED_TIME": str(int(stack.recorded_time)),
    }


def import_environment(stack: Stack) -> dict[str, str]:
    """The variables of the import function, which is no Django process and has no row either."""
    return import_variables(stack.moto.endpoint, gateway=stack.url("gateway"))


def import_variables(endpoint: str, *, gateway: str) -> dict[str, str]:
    """The import function's variables, with what `provision.create_imports` made at an endpoint of AWS."""
    return {
        **process_environment(environment="venv"),
        **LOCAL_CREDENTIALS,
        "AWS_ENDPOINT_URL": endpoint,
        "ECOM_GATEWAY_URL": gateway,
        "ECOM_IMPORT_SECRET": IMPORT_SECRET,
        "ECOM_REPORTS_BUCKET": REPORTS_BUCKET,
        "ECOM_IMPORT_QUEUE_URL": f"{endpoint}/{ACCOUNT_ID}/{IMPORT_QUEUE}",
    }


def process_environment(*, environment: str, inherited: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What any process needs: a few of our own variables, and the programs of a virtual environment first."""
    programs = f"{REPOSITORY / f'.{environment}' / 'bin'}:{inherited.get('PATH', os.defpath)}"
    own = {name: inherited[name] for name in INHERITED if name in inherited}
    return {**own, "PATH": programs, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(REPOSITORY)}


def _backends(row: Service, stack: Stack) -> dict[str, str]:
    variables: dict[str, str] = {}
    if Backend.KAFKA in row.backends:
        variables["ECOM_KAFKA_BOOTSTRAP_SERVERS"] = stack.kafka.bootstrap_servers
        if stack.recorded_time:
            variables["ECOM_HEARTBEAT_SECONDS"] = "0"
    if Backend.DYNAMODB in row.backends:
        variables |= {**LOCAL_CREDENTIALS, "ECOM_DYNAMODB_ENDPOINT": stack.dynamodb.endpoint}
    if Backend.BROKER in row.backends:
        variables |= {
            **LOCAL_CREDENTIALS,
            "ECOM_BROKER_URL": f"sqs://local:local@{LOOPBACK}:{stack.moto.port}",
            "ECOM_BROKER_QUEUE_PREFIX": f"{stack.moto.endpoint}/{ACCOUNT_ID}/{QUEUE_PREFIX}",
        }
    if Backend.IMPORTS in row.backends:
        variables |= {
            **LOCAL_CREDENTIALS,
            "ECOM_S3_ENDPOINT": stack.moto.endpoint,
            "ECOM_UPLOADS_BUCKET": UPLOADS_BUCKET,
            "ECOM_REPORTS_BUCKET": REPORTS_BUCKET,
        }
    if Backend.MAIL in row.backends:
        variables |= {
            "ECOM_MAIL_URL": f"file://{stack.directory / 'mails'}",
            "ECOM_MAIL_FROM": "shop@example.com",
            "ECOM_STOREFRONT_URL": stack.url("gateway"),
        }
    return variables
