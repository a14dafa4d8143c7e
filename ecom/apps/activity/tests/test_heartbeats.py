"""Heartbeats: on every partition, from one worker of a pod, and from another when that one dies."""

import os
import signal
import time
from collections import Counter
from pathlib import Path

from ecom.apps.activity.tests.served import Load
from ecom.apps.activity.tests.waiting import wait_for
from tests.service_process import running_service

SECONDS = 0.25


def lock_holders(directory: Path) -> list[int]:
    """The processes that hold the lock on the pod's file."""
    inodes = {file.stat().st_ino for file in directory.glob("ecom-heartbeats-*.lock")}
    locks = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    return [int(lock[4]) for lock in locks if lock[1] == "FLOCK" and int(lock[5].rpartition(":")[2]) in inodes]


def beats(topic, *, seconds: float) -> Counter[int]:
    """Heartbeats by partition in the next seconds."""
    topic.skip_to_end()
    time.sleep(seconds)
    found = topic.everything_new()
    assert {each.headers["control"] for each in found} <= {"heartbeat"}
    return Counter(each.partition for each in found)


def test_one_worker_of_a_pod_beats_and_another_takes_over_when_it_dies(topic, kafka, tmp_path):
    values = {
        "ECOM_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "ECOM_WORKERS": "3",
        "ECOM_HEARTBEAT_SECONDS": str(SECONDS),
        "TMPDIR": str(tmp_path),
    }
    with running_service("activity", tmp_path, **values):
        wait_for(lambda: lock_holders(tmp_path), what="a holder of the lock")
        first = beats(topic, seconds=2)
        assert set(first) == {0, 1, 2, 3}
        assert 3 <= max(first.values()) <= 2 / SECONDS + 2  # three senders would make 24
        (holder,) = lock_holders(tmp_path)
        os.kill(holder, signal.SIGKILL)
        wait_for(lambda: lock_holders(tmp_path) not in ([], [holder]), what="another holder")
        assert set(beats(topic, seconds=2)) == {0, 1, 2, 3}


def test_there_are_none_where_they_are_off(topic, kafka, tmp_path):
    values = {"ECOM_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "ECOM_HEARTBEAT_SECONDS": "0"}
    with (
        running_service("activity", tmp_path, TMPDIR=str(tmp_path), **values) as service,
        Load(service.public, clients=1) as load,
    ):
        wait_for(lambda: len(load.accepted) > 20, what="load")
        assert not list(tmp_path.glob("ecom-heartbeats-*.lock"))
    assert all(each.event for each in topic.everything_new())
