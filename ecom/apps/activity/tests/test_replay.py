"""Recordings replayed through the API: every event once under its own id, whatever interrupts."""

import gzip
import json
import random
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta

import orjson
import pytest
import urllib3

from ecom.apps.activity.clients.gateway import GatewayClient
from ecom.apps.activity.shoppers import Shop
from ecom.apps.activity.simulation import simulate
from ecom.apps.activity.tests.topic import Topic
from ecom.apps.activity.tests.waiting import wait_for
from local.servers import free_port
from tests.service_process import REPOSITORY, environment_of, running_service
from tests.tokens import token

ROWS = 3_000
START = 1_511_658_000
TYPES = {"pv": "VIEW_PRODUCT", "cart": "ADD_TO_CART", "fav": "ADD_TO_WISHLIST", "buy": "PURCHASE"}


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """Ten minutes of Taobao's columns, five events a second."""
    path = tmp_path_factory.mktemp("recording") / "clicks.csv.gz"
    kinds = [*["pv"] * 12, "cart", "fav", "buy"]
    rows = (f"{n % 700},{n * 7 % 40},9,{kinds[n % 15]},{START + n // 5}" for n in range(ROWS))
    path.write_bytes(gzip.compress("\n".join(["user_id,item_id,category_id,behaviour,epoch_seconds", *rows]).encode()))
    return path


@pytest.fixture(scope="module")
def service(raw_events_topic, kafka, tmp_path_factory):
    values = {
        "ECOM_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "ECOM_HEARTBEAT_SECONDS": "0",
        "ECOM_THREADS": "8",
        "ECOM_KAFKA_DEADLINE_SECONDS": "1",
    }
    with running_service("activity", tmp_path_factory.mktemp("activity"), **values) as service:
        yield service


@pytest.fixture
def activity(service, topic):
    """The service, and a topic of which only what it writes from now on is read."""
    return service


def start(activity, kafka, *arguments):
    """A management command, as an operator runs it; the service stands where the gateway does."""
    environment = environment_of(
        "activity",
        ECOM_KAFKA_BOOTSTRAP_SERVERS=kafka.bootstrap_servers,
        ECOM_GATEWAY_URL=activity.public,
        ECOM_REPLAY_TOKEN=token("replay", kind="service", scope="activity:any"),
    )
    command = [sys.executable, "manage.py", *map(str, arguments)]
    return subprocess.Popen(
        command, cwd=REPOSITORY, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def run(activity, kafka, *arguments):
    with start(activity, kafka, *arguments) as process:
        out, err = process.communicate(timeout=90)
    assert process.returncode == 0, (out, err)
    return out


def split(found):
    """Events and control records."""
    return [each for each in found if each.event], [each for each in found if not each.event]


def rows_done(state):
    return json.loads(state.read_bytes())["rows"] if state.exists() else 0


def test_a_recording_arrives_whole_with_its_own_times_and_is_closed_behind_its_last_event(
    activity, kafka, topic, recording, tmp_path
):
    out = run(activity, kafka, "replay_events", recording, "--format", "taobao", "--state", tmp_path / "state")
    assert f"{ROWS:,} accepted, 0 refused" in out
    events, controls = split(topic.everything_new())
    assert len({each.event["event_id"] for each in events}) == len(events) == ROWS
    assert Counter(each.event["event_type"] for each in events) == {
        "VIEW_PRODUCT": ROWS * 12 // 15,
        "ADD_TO_CART": ROWS // 15,
        "ADD_TO_WISHLIST": ROWS // 15,
        "PURCHASE": ROWS // 15,
    }
    last = START + (ROWS - 1) // 5
    assert max(datetime.fromisoformat(each.event["timestamp"]).timestamp() for each in events) == last
    assert {each.headers["trust"] for each in events} == {"customer"}
    assert sorted(each.partition for each in controls) == [0, 1, 2, 3]
    assert {each.headers["control"] for each in controls} == {"end"}
    assert {datetime.fromisoformat(each.headers["ce_time"]).timestamp() for each in controls} == {last + 3600}


def test_a_replay_that_was_killed_goes_on_and_no_event_is_lost_or_counted_twice(
    activity, kafka, topic, recording, tmp_path
):
    state = tmp_path / "state"
    arguments = ["replay_events", recording, "--format", "taobao", "--state", state, "--speed", "60"]
    for enough in (ROWS // 5, ROWS // 2):
        resume = ["--resume"] if state.exists() else []
        with start(activity, kafka, *arguments, *resume) as process:
            wait_for(lambda enough=enough: rows_done(state) > enough, what="progress")
            process.send_signal(signal.SIGKILL if enough == ROWS // 5 else signal.SIGTERM)
            _, err = process.communicate(timeout=30)
        assert process.returncode != 0
    assert "--resume" in err
    done = rows_done(state)
    assert ROWS // 2 < done < ROWS
    out = run(activity, kafka, *arguments[:-1], "100000", "--resume")
    assert f"{ROWS:,} rows: {ROWS:,} accepted" in out
    events, controls = split(topic.everything_new())
    assert len({each.event["event_id"] for each in events}) == ROWS
    assert len(events) - ROWS < 8 * 200  # what was in flight when it was killed came twice, under the same ids
    assert {each.headers["control"] for each in controls} == {"end"}


@pytest.mark.check_all
def test_a_replay_outlives_an_outage_of_kafka(mortal_kafka, recording, tmp_path):
    state = tmp_path / "state"
    values = {"ECOM_KAFKA_BOOTSTRAP_SERVERS": mortal_kafka.bootstrap_servers, "ECOM_KAFKA_DEADLINE_SECONDS": "1"}
    arguments = ["--format", "taobao", "--state", state, "--speed", "100", "--user-prefix", "outlived-"]
    with (
        running_service("activity", tmp_path, ECOM_HEARTBEAT_SECONDS="0", **values) as service,
        start(service, mortal_kafka, "replay_events", recording, *arguments) as process,
    ):
        wait_for(lambda: rows_done(state) > ROWS // 5, what="progress")
        mortal_kafka.kill()
        mortal_kafka.start()
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, (out, err)
    assert f"{ROWS:,} accepted, 0 refused" in out
    with Topic(mortal_kafka.bootstrap_servers, "ecom-raw-events") as topic:
        topic.skip_to_start()
        events, controls = split(topic.everything_new())
    replayed = [each.event["event_id"] for each in events if each.event["user_id"].startswith("outlived-")]
    assert len(set(replayed)) == ROWS
    assert sorted(each.partition for each in controls if each.headers["control"] == "end") == [0, 1, 2, 3]


def test_shifted_to_now_each_event_bears_the_time_at_which_it_is_sent(activity, kafka, topic, recording, tmp_path):
    before = datetime.now(UTC)
    arguments = ["--format", "taobao", "--state", tmp_path / "state", "--shift-to-now", "--speed", "200"]
    run(activity, kafka, "replay_events", recording, *arguments, "--user-prefix", "U", "--product-prefix", "P")
    events, controls = split(topic.everything_new())
    times = sorted(datetime.fromisoformat(each.event["timestamp"]) for each in events)
    assert len(events) == ROWS
    assert before - timedelta(seconds=1) < times[0] < times[-1] < datetime.now(UTC)
    assert times[-1] - times[0] > timedelta(seconds=2.5)
    assert all(each.event["user_id"][0] == "U" and each.event["product_id"][0] == "P" for each in events)
    assert controls == []


def test_lines_of_json_with_other_names_are_read_and_rows_that_are_none_are_left_out(activity, kafka, topic, tmp_path):
    path = tmp_path / "events.ndjson"
    good = [
        {"who": f"U{n}", "product_id": "P1", "event_type": "VIEW_PRODUCT", "at": 1_511_658_000_000} for n in range(3)
    ]
    lines = [
        *map(orjson.dumps, good),
        b"no json",
        b'{"who": "U1"}',
        b'{"who":"","product_id":"P","event_type":"V","at":1}',
    ]
    path.write_bytes(b"\n".join(lines))
    columns = ["--user-column", "who", "--time-column", "at", "--time-unit", "ms"]
    out = run(activity, kafka, "replay_events", path, *columns, "--state", tmp_path / "state")
    assert "3 accepted, 1 refused" in out
    events, _ = split(topic.everything_new())
    assert {each.event["user_id"] for each in events} == {"U0", "U1", "U2"}
    assert {each.event["timestamp"] for each in events} == {"2017-11-26T01:00:00.000Z"}


def test_a_checkpoint_of_another_recording_is_not_gone_on_from(activity, kafka, recording, tmp_path):
    (tmp_path / "state").write_text('{"fingerprint": "another"}')
    arguments = ["replay_events", recording, "--format", "taobao", "--state", tmp_path / "state", "--resume"]
    with start(activity, kafka, *arguments) as process:
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "belongs to another recording" in err
    assert "Traceback" not in err


def test_the_metrics_of_the_service_tell_what_became_of_the_events(activity, kafka, recording, tmp_path):
    before = metric(activity, 'ecom_activity_events_total{outcome="accepted"}')
    run(activity, kafka, "replay_events", recording, "--format", "taobao", "--state", tmp_path / "state")
    assert metric(activity, 'ecom_activity_events_total{outcome="accepted"}') == before + ROWS
    assert metric(activity, "ecom_activity_acknowledgement_seconds_count") > 0
    assert metric(activity, "ecom_activity_in_flight") == 0


def metric(activity, name):
    """The present value of one series, 0 where it has none yet."""
    lines = urllib3.request("GET", f"{activity.management}/metrics").data.decode().splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name} ")), 0.0)


def test_simulated_shoppers_without_a_gateway_wait_politely_and_stop_when_told(activity, kafka):
    with start(activity, kafka, "simulate_shoppers", "--gateway", f"http://127.0.0.1:{free_port()}") as process:
        assert "waiting for products" in process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in err


def shoppers():
    return Shop([f"P{n}" for n in range(50)], 500, random.Random(1)).actions()


def test_simulated_shoppers_keep_their_rate_and_what_they_do_while_the_shop_is_away_is_lost(activity, topic):
    bearer = token("shoppers", kind="service", scope="activity:any")
    there = GatewayClient(activity.public, token=bearer)
    totals = simulate(client=there, actions=shoppers(), rate=200, duration=2, on_batch=lambda totals: None)
    assert totals.accepted == 400
    assert (totals.lost, totals.trouble) == (0, "")
    events, _ = split(topic.everything_new())
    assert len(events) == 400
    assert {each.headers["trust"] for each in events} == {"customer"}
    assert len({each.event["session_id"] for each in events}) > 50

    away = GatewayClient(f"http://127.0.0.1:{free_port()}", token=bearer)
    totals = simulate(client=away, actions=shoppers(), rate=200, duration=2, on_batch=lambda totals: None)
    assert totals.accepted == 0
    assert 0 < totals.lost <= 400
    assert totals.trouble
