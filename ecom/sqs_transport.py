"""kombu's SQS transport, with one fault mended: its worker stopped for good after an error of the network.

kombu 5.7.0 takes a lost connection, a timeout or a 5xx of SQS for an empty list of messages, where its channel expects
a dictionary. The error ended the chain of polls, and the process stayed, idle and without a word.
"""

from typing import Any

from kombu.transport import SQS, TRANSPORT_ALIASES


class Channel(SQS.Channel):
    """Takes no answer for an answer without messages; the next poll follows after the polling interval."""

    def _on_messages_ready(self, queue: str, qname: str, messages: Any) -> Any:
        return super()._on_messages_ready(queue, qname, messages or {})  # type: ignore[no-untyped-call]


class Transport(SQS.Transport):
    """SQS with such channels."""

    Channel = Channel


def register() -> None:
    """Let broker URLs of the scheme `sqs` mean this transport."""
    TRANSPORT_ALIASES["sqs"] = f"{__name__}:{Transport.__name__}"
