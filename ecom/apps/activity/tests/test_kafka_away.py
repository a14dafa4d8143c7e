"""Kafka down or slow: a clear 503 in time, health answered meanwhile, and recovery without anybody's help."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
import urllib3

from ecom.apps.activity.events import KafkaUnavailable, Publisher, Record
from ecom.apps.activity.tests.served import Load, post_event
from ecom.apps.activity.tests.waiting import wait_for
from ecom.contracts.control_record import Control
from tests.service_process import running_service

DEADLINE = 1.5
RECORD = Record(b"U1", b'{"user_id":"U1"}', [("ce_id", b"1")])


@pytest.fixture
def pool():
    with urllib3.PoolManager(retries=False, timeout=20) as pool:
        yield pool


def publisher(kafka, **settings):
    values = {"deadline_seconds": DEADLINE, "in_flight": 4, **settings}
    return Publisher(bootstrap_servers=[kafka.bootstrap_servers], topic="ecom-raw-events", **values)


def served(kafka, tmp_path, **values):
    return running_service(
        "activity",
        tmp_path,
        ECOM_KAFKA_BOOTSTRAP_SERVERS=kafka.bootstrap_servers,
        ECOM_KAFKA_DEADLINE_SECONDS=str(DEADLINE),
        **values,
    )


def test_the_service_starts_and_answers_while_kafka_is_down_and_recovers_by_itself(mortal_kafka, tmp_path, pool):
    mortal_kafka.kill()
    with served(mortal_kafka, tmp_path, ECOM_THREADS="6") as service:
        started = time.monotonic()
        answer = post_event(pool, service.public)
        assert answer.status == 503
        assert time.monotonic() - started < DEADLINE + 0.7
        assert int(answer.headers["Retry-After"]) >= 1
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["event_id"]
        with Load(service.public, clients=20) as load:
            wait_for(lambda: load.statuses[503] > 20, what="answers to a crowd")
            for _ in range(10):
                started = time.monotonic()
                assert pool.request("GET", f"{service.management}/healthz").status == 200
                assert time.monotonic() - started < 1
            assert set(load.statuses) == {503}
            mortal_kafka.start()
            wait_for(lambda: load.statuses[202] > 50, what="recovery")
        assert set(load.statuses) <= {202, 503}


def test_a_kafka_that_hangs_is_answered_503_within_the_deadline_and_forgiven(mortal_kafka):
    publisher_ = publisher(mortal_kafka)
    assert publisher_.publish([RECORD]) == [True]
    mortal_kafka.process.send(signal.SIGSTOP)
    try:
        started = time.monotonic()
        assert publisher_.publish([RECORD] * 3) == [False] * 3
        assert DEADLINE - 0.2 < time.monotonic() - started < DEADLINE + 0.5
    finally:
        mortal_kafka.process.send(signal.SIGCONT)
    wait_for(lambda: publisher_.publish([RECORD]) == [True], what="an acknowledgement")
    publisher_.close()


def test_no_more_calls_than_allowed_wait_for_kafka_and_the_rest_are_refused_at_once(mortal_kafka):
    publisher_ = publisher(mortal_kafka, in_flight=2)
    publisher_.publish([RECORD])
    mortal_kafka.process.send(signal.SIGSTOP)
    try:
        time.sleep(0.6)  # as long as an acknowledgement counts as a sign of life
        with ThreadPoolExecutor(10) as threads:
            started = time.monotonic()
            calls = [threads.submit(_publish_or_refused, publisher_, started) for _ in range(10)]
            refused = sorted(call.result() for call in calls)
    finally:
        mortal_kafka.process.send(signal.SIGCONT)
    assert sum(seconds < 0.3 for seconds in refused) == 8
    assert sum(seconds > DEADLINE - 0.2 for seconds in refused) == 2
    publisher_.close()


def _publish_or_refused(publisher_, started):
    with suppress(KafkaUnavailable):
        publisher_.publish([RECORD])
    return time.monotonic() - started


def test_a_producer_that_delivers_nothing_any_more_is_replaced(mortal_kafka):
    publisher_ = publisher(mortal_kafka, rebuild_after_seconds=1.0)
    assert publisher_.publish([RECORD]) == [True]
    wedged = publisher_._producer
    wedged._sender._running = False  # its thread ends: it takes records and delivers none, as a wedged one does
    wedged._sender.wakeup()
    wedged._sender.join(5)
    wait_for(lambda: _acknowledged(publisher_), what="delivery by another producer")
    assert publisher_._producer is not wedged
    wait_for(lambda: wedged._closed, what="the end of the wedged producer")
    publisher_.close()


def _acknowledged(publisher_):
    try:
        return all(publisher_.publish([RECORD]))
    except KafkaUnavailable:
        return False


def test_control_records_have_neither_key_nor_value_and_lie_on_every_partition(topic, kafka):
    publisher_ = publisher(kafka)
    publisher_.publish_control(Control.END, time="2017-11-26T03:55:09Z")
    publisher_.close()
    found = topic.everything_new()
    assert sorted(each.partition for each in found) == [0, 1, 2, 3]
    assert {(each.key, each.event) for each in found} == {(None, None)}
    assert all(each.headers == {"control": "end", "ce_time": "2017-11-26T03:55:09Z"} for each in found)
