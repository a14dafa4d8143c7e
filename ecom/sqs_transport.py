"""kombu's SQS transport, with what our workers need beside it.

- kombu 5.7.0 takes a lost connection, a timeout or a 5xx of SQS for an empty list of messages, where its channel
  expects a dictionary. The error ended the chain of polls, and the process stayed, idle and without a word.
- A refusal of SQS (the queue does not exist, the key is not valid) ended the worker. It polls on, says so, and is not
  ready until SQS answers.
- A message whose task failed comes again after a wait that doubles, with jitter. SQS counts how often it gave it out,
  and puts it aside after the last time (the queue's redrive policy).
"""

import logging
import random
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from kombu.asynchronous.aws.sqs.connection import AsyncSQSConnection
from kombu.transport import SQS, TRANSPORT_ALIASES
from prometheus_client import Counter

from ecom.worker_health import HEALTH

FIRST_WAIT_SECONDS = 30
LONGEST_WAIT_SECONDS = 600
RECEIVES = 5  # of the queue's redrive policy

GIVEN_UP = Counter(
    "ecom_tasks_given_up", "Tasks that failed for good; their messages wait in the failed queue.", ["task"]
)

log = logging.getLogger(__name__)


class Connection(AsyncSQSConnection):
    """Answers every failed poll with an empty list, a refused one too, and remembers whether the last one failed."""

    def _on_list_ready(self, parent: Any, markers: Any, operation: str, response: Any) -> Any:
        try:
            messages = super()._on_list_ready(parent, markers, operation, response)  # type: ignore[no-untyped-call]
        except Exception as error:  # a bare one is all that kombu raises here
            HEALTH.note(answered=False, reason=str(error))
            return []
        HEALTH.note(answered=isinstance(messages, dict), reason=f"SQS: {response.status} {response.reason}")
        return messages


class QoS(SQS.QoS):
    """Gives the message of a failed task a wait before it comes again."""

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        message = self._delivered.get(delivery_tag)
        super().reject(delivery_tag, requeue=requeue)  # type: ignore[no-untyped-call]
        if message is not None and not requeue:
            self.channel.come_again(message)


class Channel(SQS.Channel):
    """A poll without an answer is one without messages; the next follows after the polling interval."""

    QoS = QoS

    def asynsqs(self, queue: str | None = None) -> Any:
        clients = self._predefined_queue_async_clients
        if queue not in clients:
            clients[queue] = Connection(sqs_connection=self.sqs(queue=queue), region=self.region)  # type: ignore[no-untyped-call]
        return clients[queue]

    def _size(self, queue: str) -> int:
        """Asked for when a worker begins, which needs no answer: a queue that is not there yet is no error."""
        return 0

    def _on_messages_ready(self, queue: str, qname: str, messages: Any) -> Any:
        return super()._on_messages_ready(queue, qname, messages or {})  # type: ignore[no-untyped-call]

    def come_again(self, message: Any) -> None:
        """Let SQS hide the message for its wait; if that fails, it is hidden for the queue's visibility timeout."""
        received = int(message.delivery_info["sqs_message"]["Attributes"]["ApproximateReceiveCount"])
        if received >= RECEIVES:
            task = message.headers.get("task", "unknown")
            GIVEN_UP.labels(task).inc()
            log.error("task given up: its message goes to the failed queue", extra={"task": task})
        try:
            self.sqs(queue=message.delivery_info["routing_key"]).change_message_visibility(  # type: ignore[no-untyped-call]
                QueueUrl=message.delivery_info["sqs_queue"],
                ReceiptHandle=message.delivery_tag,
                VisibilityTimeout=wait_seconds(received),
            )
        except (BotoCoreError, ClientError) as error:
            log.warning("a failed task's message was not put off", extra={"error": str(error)})


class Transport(SQS.Transport):
    """SQS with such channels."""

    Channel = Channel


def wait_seconds(received: int) -> int:
    """How long a message waits that was given out so often: 15 to 30 s at first, twice that each further time."""
    return round(min(FIRST_WAIT_SECONDS * 2.0 ** (received - 1), LONGEST_WAIT_SECONDS) * random.uniform(0.5, 1))


def register() -> None:
    """Let broker URLs of the scheme `sqs` mean this transport."""
    TRANSPORT_ALIASES["sqs"] = f"{__name__}:{Transport.__name__}"
