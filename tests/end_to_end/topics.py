"""What a Kafka topic holds, read by a plain consumer."""

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord


def records(bootstrap_servers: str, topic: str) -> list[ConsumerRecord]:
    """Every record that the topic holds now."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap_servers, enable_auto_commit=False)
    try:
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        consumer.seek_to_beginning(*partitions)
        found: list[ConsumerRecord] = []
        while any(consumer.position(partition) < ends[partition] for partition in partitions):
            for batch in consumer.poll(timeout_ms=1000).values():
                found += batch
        return found
    finally:
        consumer.close()


def header(record: ConsumerRecord, name: str) -> str | None:
    """A header of a record as text, None where it is absent."""
    return next((value.decode() for key, value in record.headers if key == name), None)
