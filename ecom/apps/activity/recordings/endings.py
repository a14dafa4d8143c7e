"""Closes a recording: a marker on every partition lets the job's watermark pass the recording's last minute."""

import random
import time
from datetime import UTC, datetime, timedelta

from ecom.apps.activity.clocks import rfc3339
from ecom.apps.activity.events import KafkaUnavailable, Publisher
from ecom.contracts.control_record import Control

BEYOND = timedelta(hours=1)


def write_end(publisher: Publisher, *, last_time: float) -> str:
    """Put the marker behind all events; keeps trying while Kafka is away. Returns the time that it bears."""
    end = rfc3339(datetime.fromtimestamp(last_time, UTC) + BEYOND)
    while True:
        try:
            publisher.publish_control(Control.END, time=end)
        except KafkaUnavailable:
            time.sleep(random.uniform(0.5, 1.5))
        else:
            return end
