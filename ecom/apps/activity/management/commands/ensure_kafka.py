"""`manage.py ensure_kafka`: for deployments; makes Kafka's topics and access lists, and changes what has changed."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from kafka import KafkaAdminClient

from ecom.kafka_resources import ensure_access, ensure_topics


class Command(BaseCommand):
    """Twice does no harm: both are compared with what is there."""

    help = "Make Kafka's topics and access lists, or bring them up to date."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--partitions", type=int, default=4, help="At least so many of each topic. [4]")
        parser.add_argument("--replicas", type=int, default=3, help="Of each partition of a new topic. [3]")

    def handle(self, *args: Any, partitions: int, replicas: int, **options: Any) -> None:
        admin = KafkaAdminClient(bootstrap_servers=settings.KAFKA_BOOTSTRAP_SERVERS, **settings.KAFKA_SECURITY)
        try:
            created = ensure_topics(admin, partitions=partitions, replicas=replicas)
            rules = ensure_access(admin)
        finally:
            admin.close()
        self.stdout.write(f"new topics: {', '.join(created) or 'none'}; {rules} rules for the Flink job")
