"""Topics and tables are created once and as declared."""

from pathlib import Path

from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType

from local.provision import TABLES, TOPICS, Table, Topic, create_queues, create_tables, create_topics, session
from local.servers import DynamoDB, Kafka, Moto, free_port


def test_topics_are_created_where_they_are_absent(kafka: Kafka) -> None:
    topics = (*TOPICS, Topic("test-provision", retention_days=1, partitions=3))
    create_topics(kafka.bootstrap_servers, TOPICS)

    assert create_topics(kafka.bootstrap_servers, topics) == ["test-provision"]
    assert create_topics(kafka.bootstrap_servers, topics) == []


def test_a_record_with_a_time_of_its_own_gets_the_brokers(kafka: Kafka) -> None:
    create_topics(kafka.bootstrap_servers)
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap_servers)

    recorded_in_2017 = 1_511_658_000_000
    stored = producer.send("ecom-raw-events", b"{}", timestamp_ms=recorded_in_2017).get(timeout=10)
    producer.close()

    assert stored.timestamp > recorded_in_2017 + 1_000_000_000


def test_raw_events_are_kept_seven_days(kafka: Kafka) -> None:
    create_topics(kafka.bootstrap_servers)
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)

    described = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, "ecom-raw-events")])
    admin.close()

    assert "604800000" in str(described)


def test_tables_are_created_where_they_are_absent_and_items_expire(dynamodb: DynamoDB) -> None:
    tables = (*TABLES, Table("test-provision", hash_key="product_id", range_key="window_start"))
    create_tables(dynamodb.endpoint, TABLES)

    assert create_tables(dynamodb.endpoint, tables) == ["test-provision"]
    assert create_tables(dynamodb.endpoint, tables) == []
    client = session().client("dynamodb", endpoint_url=dynamodb.endpoint)
    described = client.describe_time_to_live(TableName="test-provision")["TimeToLiveDescription"]
    assert described == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}


def test_a_message_that_was_given_out_five_times_is_put_aside(tmp_path: Path) -> None:
    with Moto(tmp_path / "moto", free_port()) as server:
        for _ in range(2):
            create_queues(server.endpoint)
        sqs = session().client("sqs", endpoint_url=server.endpoint)
        waiting, failed = (sqs.get_queue_url(QueueName=f"ecom-orders{end}")["QueueUrl"] for end in ("", "-failed"))
        sqs.send_message(QueueUrl=waiting, MessageBody="a task")
        for _ in range(5):
            assert sqs.receive_message(QueueUrl=waiting, VisibilityTimeout=0)["Messages"]
        assert "Messages" not in sqs.receive_message(QueueUrl=waiting)
        assert sqs.receive_message(QueueUrl=failed)["Messages"][0]["Body"] == "a task"
