"""A stop in the middle of the load: whatever was answered 202 lies in Kafka."""

import signal

import pytest

from ecom.apps.activity.tests.served import Load
from ecom.apps.activity.tests.waiting import wait_for
from tests.service_process import running_service


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGKILL])
def test_every_accepted_event_is_in_the_topic_after_a_stop_under_load(topic, kafka, tmp_path, stop):
    # Room for all clients at one worker: a 503 then is the stop's, never the bound's on those who wait for Kafka.
    values = {"ECOM_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "ECOM_WORKERS": "2", "ECOM_THREADS": "10"}
    with running_service("activity", tmp_path, **values) as service, Load(service.public) as load:
        wait_for(lambda: len(load.accepted) > 300, what="load")
        service.process.send_signal(stop)
        wait_for(lambda: service.process.poll() is not None, seconds=35, what="the stop")
    if stop == signal.SIGTERM:
        assert set(load.statuses) == {202}
    found = {each.event["event_id"] for each in topic.everything_new() if each.event}
    assert set(load.accepted) <= found
