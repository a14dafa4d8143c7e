"""The moto server: S3 and SQS, kept in memory."""

import sys
from collections.abc import Sequence
from typing import ClassVar

from local.servers.answers import answers_http
from local.servers.server import LOOPBACK, Server


class Moto(Server):
    """S3 and SQS on one endpoint. Nothing survives a restart: buckets and queues are provisioned at each start."""

    name: ClassVar[str] = "moto (S3, SQS)"

    @property
    def endpoint(self) -> str:
        """The endpoint URL for boto3."""
        return f"http://{LOOPBACK}:{self.port}"

    def command(self) -> Sequence[str]:
        return [sys.executable, "-m", "moto.server", "-H", LOOPBACK, "-p", str(self.port)]

    def is_ready(self) -> bool:
        return answers_http(f"{self.endpoint}/moto-api/")
