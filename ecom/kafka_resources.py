"""Kafka's topics, and who may do what beside those whom IAM admits: declared once.

`manage.py ensure_kafka` makes them in the cloud, `local/provision.py` makes the topics locally.
"""

from dataclasses import dataclass, field

from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ConfigResource,
    ConfigResourceType,
    NewTopic,
    ResourcePattern,
    ResourceType,
)

DAY_MS = 24 * 3600 * 1000
JOB = "User:flink"  # the Flink job's name in SCRAM


@dataclass(frozen=True)
class Topic:
    """A Kafka topic. Retention is counted from the broker's clock, as recorded events bring old times of their own."""

    name: str
    retention_days: int
    partitions: int = 4
    settings: dict[str, str] = field(default_factory=dict)

    def configuration(self) -> dict[str, str]:
        """The topic's settings as Kafka takes them."""
        return {
            "message.timestamp.type": "LogAppendTime",
            "retention.ms": str(self.retention_days * DAY_MS),
            **self.settings,
        }


TOPICS = (
    Topic("ecom-raw-events", retention_days=7),
    Topic("ecom-raw-events-dlq", retention_days=14),
    Topic("ecom-raw-events-late", retention_days=14),
    Topic("ecom-product-analytics", retention_days=7),
    Topic("ecom-order-events", retention_days=7),
    Topic("ecom-customer-events", retention_days=14),
)
READS, WRITES = ("ecom-raw-events",), ("ecom-product-analytics", "ecom-raw-events-late", "ecom-raw-events-dlq")
GROUP = "ecom-streaming"
# The clock of the raw topic is among its settings, which the job looks at before it starts.
ALLOWED = (
    *((ResourceType.TOPIC, topic, ACLOperation.READ) for topic in READS),
    *((ResourceType.TOPIC, topic, ACLOperation.DESCRIBE_CONFIGS) for topic in READS),
    *((ResourceType.TOPIC, topic, ACLOperation.WRITE) for topic in WRITES),
    *((ResourceType.TOPIC, topic, ACLOperation.DESCRIBE) for topic in (*READS, *WRITES)),
    (ResourceType.GROUP, GROUP, ACLOperation.READ),
)


def ensure_topics(admin: KafkaAdminClient, *, partitions: int, replicas: int) -> list[str]:
    """Make absent topics, with at least `partitions`; bring the others' settings and partitions up to date.

    Returns the names of the new ones. Partitions only ever grow.
    """
    present = {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics()}
    absent = [topic for topic in TOPICS if topic.name not in present]
    wanted = {topic.name: max(topic.partitions, partitions) for topic in TOPICS}
    if absent:
        admin.create_topics(
            [
                NewTopic(topic.name, wanted[topic.name], replicas, topic_configs=topic.configuration())
                for topic in absent
            ]
        )
    if grown := {name: wanted[name] for name in wanted.keys() & present.keys() if wanted[name] > present[name]}:
        admin.create_partitions(grown)
    kept = [topic for topic in TOPICS if topic.name in present]
    if kept:
        admin.alter_configs(
            [ConfigResource(ConfigResourceType.TOPIC, each.name, each.configuration()) for each in kept]
        )
    return [topic.name for topic in absent]


def ensure_access(admin: KafkaAdminClient) -> int:
    """Allow the job what is declared; what is allowed already stays. Returns the number of rules."""
    rules = [
        ACL(JOB, "*", operation, ACLPermissionType.ALLOW, ResourcePattern(kind, name))
        for kind, name, operation in ALLOWED
    ]
    failed = admin.create_acls(rules)["failed"]
    if failed:
        raise RuntimeError("; ".join(str(error) for _, error in failed))
    return len(rules)
