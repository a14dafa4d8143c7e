"""The topic of raw events on a real Kafka, and requests to the service."""

import os
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client

from ecom.apps.activity import events, services
from ecom.apps.activity.tests.topic import Topic
from local.provision import create_topics
from local.servers import Kafka


@pytest.fixture(scope="session")
def raw_events_topic(kafka: Kafka) -> Iterator[Topic]:
    create_topics(kafka.bootstrap_servers)
    with Topic(kafka.bootstrap_servers, "ecom-raw-events") as topic, pytest.MonkeyPatch.context() as patch:
        # A machine that is busy with other tests is no outage; tests of the deadline have publishers of their own.
        patch.setattr(settings, "KAFKA_DEADLINE_SECONDS", 20.0)
        events.publisher.cache_clear()
        yield topic
        events.publisher().close()
    events.publisher.cache_clear()


@pytest.fixture
def topic(raw_events_topic: Topic) -> Topic:
    """The topic, read from its present end: a test sees what it put there itself."""
    raw_events_topic.skip_to_end()
    services._new_user_limit.cache_clear()
    return raw_events_topic


@pytest.fixture
def client() -> Client:
    """Requests without a client address of their own come from one that no other test uses."""
    return Client(headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64)"}, REMOTE_ADDR=f"10.1.{os.getpid() % 250}.1")
