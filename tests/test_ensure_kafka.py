"""Kafka's topics and access lists, made by the command on a Kafka that has an authorizer."""

import time
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from kafka import KafkaAdminClient
from kafka.admin import ACL, ACLFilter, ACLOperation, ACLPermissionType, ACLResourcePatternType, ResourcePatternFilter
from kafka.admin import ResourceType as Kind

from ecom.kafka_resources import ALLOWED, JOB, TOPICS
from local.servers import Kafka, free_port

VISIBLE_SECONDS = 20
AUTHORIZER = """\
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
allow.everyone.if.no.acl.found=false
"""


class KafkaWithAuthorizer(Kafka):
    """As MSK has it; whoever gives no name administers it, as IAM's administrators do there."""

    def prepare(self) -> None:
        super().prepare()
        properties = self._properties.read_text()
        self._properties.write_text(properties + AUTHORIZER)


@pytest.fixture(scope="module")
def authorizing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    with KafkaWithAuthorizer(tmp_path_factory.mktemp("kafka"), free_port()) as server:
        yield server


@pytest.fixture
def admin(authorizing: Kafka, settings: pytest.FixtureRequest) -> Iterator[KafkaAdminClient]:
    settings.KAFKA_BOOTSTRAP_SERVERS = [authorizing.bootstrap_servers]
    client = KafkaAdminClient(bootstrap_servers=authorizing.bootstrap_servers)
    yield client
    client.close()


def rules(admin: KafkaAdminClient) -> set[tuple[str, str, str]]:
    anything = ResourcePatternFilter(Kind.ANY, None, ACLResourcePatternType.ANY)
    deadline = time.monotonic() + VISIBLE_SECONDS
    found: list[ACL] = []
    while len(found) < len(ALLOWED) and time.monotonic() < deadline:  # a broker learns of them from the controller
        found, _ = admin.describe_acls(ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, anything))
    assert {(rule.principal, rule.permission_type.name, rule.host) for rule in found} == {(JOB, "ALLOW", "*")}
    return {
        (rule.resource_pattern.resource_name, rule.operation.name, rule.resource_pattern.pattern_type.name)
        for rule in found
    }


def partitions(admin: KafkaAdminClient) -> dict[str, int]:
    return {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics()}


def test_topics_and_rules_are_made_once_and_grow(admin: KafkaAdminClient) -> None:
    call_command("ensure_kafka", replicas=1)
    first, allowed = partitions(admin), rules(admin)
    call_command("ensure_kafka", replicas=1, partitions=6)

    assert first == {topic.name: 4 for topic in TOPICS}
    assert partitions(admin) == {topic.name: 6 for topic in TOPICS}
    assert rules(admin) == allowed


def test_the_job_reads_raw_events_and_writes_what_it_makes_of_them(admin: KafkaAdminClient) -> None:
    call_command("ensure_kafka", replicas=1)
    allowed = {(name, operation) for name, operation, pattern in rules(admin) if pattern == "LITERAL"}

    assert {name for name, operation in allowed if operation == "READ"} == {"ecom-raw-events", "ecom-streaming"}
    assert {name for name, operation in allowed if operation == "WRITE"} == {
        "ecom-product-analytics",
        "ecom-raw-events-late",
        "ecom-raw-events-dlq",
    }
    assert {operation for _, operation in allowed} == {"READ", "WRITE", "DESCRIBE", "DESCRIBE_CONFIGS"}
    assert len(allowed) == len(rules(admin))
