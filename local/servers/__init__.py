"""PostgreSQL, Kafka, DynamoDB Local and moto as context managers, for tests and for `make run`.

Standard library only, so that both virtual environments can import it.
"""

from local.servers.dynamodb import DynamoDB
from local.servers.kafka import Kafka, Secure
from local.servers.moto import Moto
from local.servers.ports import free_port
from local.servers.postgres import Postgres
from local.servers.server import Server, ServerFailed

__all__ = ["DynamoDB", "Kafka", "Moto", "Postgres", "Secure", "Server", "ServerFailed", "free_port"]
