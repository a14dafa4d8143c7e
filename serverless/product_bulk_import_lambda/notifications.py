"""Which objects an event tells of: S3's own notification, or the same inside of a message of SQS."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

CREATED = "ObjectCreated:"
MAPPING_ENDING = ".mapping.json"


@dataclass(frozen=True, slots=True)
class Upload:
    """An object that was put into a bucket. `version` is empty where the notification does not say it."""

    bucket: str
    key: str
    version: str = ""


def uploads(notification: Mapping[str, Any]) -> Iterator[Upload]:
    """The files that a notification of S3 tells of; none for its test event, deletions and mapping files."""
    for record in notification.get("Records", ()):
        if not str(record.get("eventName", "")).startswith(CREATED):
            continue
        stored = record["s3"]["object"]
        key = unquote_plus(stored["key"])
        if not key.endswith(MAPPING_ENDING):
            yield Upload(record["s3"]["bucket"]["name"], key, stored.get("versionId", ""))


def is_batch_of_messages(event: Mapping[str, Any]) -> bool:
    """Whether SQS brings the notifications, each as the body of a message."""
    return any(record.get("eventSource") == "aws:sqs" for record in event.get("Records", ()))


def uploads_of_message(body: str) -> list[Upload]:
    """The files that one message of SQS tells of. Raises ValueError for what is no JSON object."""
    notification = json.loads(body)
    if not isinstance(notification, dict):
        raise ValueError("The message is no JSON object.")
    return list(uploads(notification))


def notification_of(upload: Upload) -> str:
    """The message that brings the function back to a file: S3's notification in the parts that we read."""
    stored = {"bucket": {"name": upload.bucket}, "object": {"key": _quoted(upload.key), "versionId": upload.version}}
    return json.dumps({"Records": [{"eventSource": "aws:s3", "eventName": f"{CREATED}Continued", "s3": stored}]})


def _quoted(key: str) -> str:
    return key.replace("%", "%25").replace("+", "%2B")
