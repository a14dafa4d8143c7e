"""Recorded shoppers go through the gateway, Kafka and the job: every window is exact, whatever fails meanwhile."""

import os
import signal
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson
import urllib3
from kafka import KafkaProducer
from kafka.consumer.fetcher import ConsumerRecord

from local.process_sessions import marked
from local.processes import MARKER
from tests.end_to_end import malformed
from tests.end_to_end.conftest import Platform
from tests.end_to_end.recordings import write_slice
from tests.end_to_end.topics import header, records
from tests.end_to_end.waiting import wait_for

ROWS = 12_000
SPEED = "30"  # times the recorded pace: some 30 s for the slice


Fault = Callable[[Platform], None]


def raw_events(platform: Platform) -> int:
    """Records in the raw topic, control records left out."""
    found = records(platform.stack.kafka.bootstrap_servers, "ecom-raw-events")
    return sum(header(record, "control") is None for record in found)


def kill_the_job(platform: Platform) -> None:
    """SIGKILL to every process of the Flink job at once, as a lost machine ends it; its supervisor starts it again."""
    for pid in marked(MARKER, str(platform.stack.directory)):
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        if b"supervise" not in command and any(word in command for word in (b"streaming", b"flink", b"beam")):
            os.kill(pid, signal.SIGKILL)


def last_windows(platform: Platform) -> dict[tuple[str, str], dict[str, object]]:
    """The last output for each (product, minute) in the analytics topic."""
    found = records(platform.stack.kafka.bootstrap_servers, "ecom-product-analytics")
    rows = [orjson.loads(record.value) for record in sorted(found, key=lambda record: record.timestamp)]
    return {(row["product_id"], row["window_start"]): row for row in rows}


def send_malformed_requests(platform: Platform, count: int) -> Counter[int]:
    """The statuses of the answers."""
    pool = urllib3.PoolManager(maxsize=8, block=True, timeout=20, retries=False)

    def send(request: malformed.Request) -> int:
        headers = {"Content-Type": "application/json", **request.headers}
        address = f"{platform.stack.url('gateway')}{request.path}"
        return pool.request("POST", address, body=request.body, headers=headers).status

    with ThreadPoolExecutor(8) as threads:
        return Counter(threads.map(send, malformed.requests(count, seed=1)))


def produce_malformed_records(kafka: str, count: int) -> list[tuple[int, int]]:
    """Write records past the service that checks them; return each one's partition and offset."""
    producer = KafkaProducer(bootstrap_servers=kafka, acks="all", enable_idempotence=False, linger_ms=20)
    try:
        futures = [producer.send("ecom-raw-events", value) for value in malformed.record_values(count, seed=2)]
        placed = [future.get(timeout=30) for future in futures]
    finally:
        producer.close()
    return [(record.partition, record.offset) for record in placed]


def dead_letters(kafka: str) -> list[tuple[int, int]]:
    """Partition and offset of the raw record that each dead letter carries; every one has a reason."""
    letters = records(kafka, "ecom-raw-events-dlq")
    assert all(header(letter, "reason") for letter in letters)
    return [(_number(letter, "source_partition"), _number(letter, "source_offset")) for letter in letters]


def _number(record: ConsumerRecord, name: str) -> int:
    value = header(record, name)
    assert value is not None, f"no header {name}"
    return int(value)


def replay_through(platform: Platform, recording: Path, folder: Path, *, speed: str, faults: dict[int, Fault]) -> None:
    """Replay a recording; each fault happens once so many events are in the topic."""
    options = ["--format", "taobao", "--speed", speed, "--state", str(folder / "state.json")]
    replay = platform.start_managing("replay_events", str(recording), *options)
    try:
        for events, fault in sorted(faults.items()):
            wait_for(lambda events=events: raw_events(platform) > events, seconds=180, what=f"event {events}")
            fault(platform)
        printed, _ = replay.communicate(timeout=300)
    finally:
        replay.kill()
    assert replay.returncode == 0, printed


def restart_kafka(platform: Platform) -> None:
    """Kafka dies and comes back; meanwhile events are answered 503 and sent again."""
    platform.stack.kafka.kill()
    platform.stack.kafka.start()


def assert_exact(platform: Platform, recording: Path, *, seconds: int) -> None:
    """Every window is right in DynamoDB, in the topic and at the gateway, and every event is accounted for."""
    options = ["--format", "taobao", "--tables", "--wait", str(seconds)]
    platform.manage("verify_analytics", str(recording), *options, seconds=seconds + 900)  # it fails on a difference
    counted = sum(int(str(row["event_count"])) for row in last_windows(platform).values())
    kafka = platform.stack.kafka.bootstrap_servers
    assert counted == raw_events(platform)
    assert records(kafka, "ecom-raw-events-late") == []
    assert records(kafka, "ecom-raw-events-dlq") == []


def test_every_window_is_exact_though_the_job_is_killed_and_kafka_is_restarted(
    recorded_platform: Platform, tmp_path: Path
) -> None:
    recording = write_slice(tmp_path / "slice.csv.gz", ROWS)
    faults = {ROWS // 4: kill_the_job, ROWS // 2: restart_kafka}
    replay_through(recorded_platform, recording, tmp_path, speed=SPEED, faults=faults)
    assert_exact(recorded_platform, recording, seconds=180)


def test_ten_thousand_malformed_inputs_stop_nothing_and_each_dead_letter_is_found(recorded_platform: Platform) -> None:
    kafka = recorded_platform.stack.kafka.bootstrap_servers
    accepted_before = raw_events(recorded_platform)
    statuses = send_malformed_requests(recorded_platform, 7_000)
    assert all(400 <= status < 500 for status in statuses), statuses
    assert raw_events(recorded_platform) == accepted_before

    sent = produce_malformed_records(kafka, 3_000)
    wait_for(lambda: len(dead_letters(kafka)) >= len(sent), seconds=120, what="every dead letter")
    assert Counter(dead_letters(kafka)) == Counter(sent)
