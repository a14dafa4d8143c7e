"""What every user of kafka-python here has to know of it; see docs/adr/0003."""

from contextlib import suppress

from kafka import KafkaProducer
from kafka.errors import KafkaError

# Fixed, else a client's constructor asks the brokers and blocks while they are away. Every broker since has it.
API_VERSION = (2, 8)


def end_producer(producer: KafkaProducer, seconds: float) -> None:
    """Close a producer, also one whose `close` gives up because its records cannot be flushed."""
    with suppress(KafkaError):
        producer.close(timeout=seconds)
    if not producer._closed:
        producer._sender.force_close()
        producer._closed = True  # else its finalizer tries again, and turns the library's log off
