"""The whole recording, with the job killed again and again and Kafka restarted: every window is exact."""

from pathlib import Path

import pytest

from tests.end_to_end.conftest import Platform
from tests.end_to_end.recordings import write_slice
from tests.end_to_end.test_recorded_shoppers import assert_exact, kill_the_job, replay_through, restart_kafka

ROWS = 96_168  # of the real recording; as many are made up where that is absent


@pytest.mark.check_all
def test_the_whole_recording_is_exact_through_five_kills_and_a_restart_of_kafka(
    recorded_platform: Platform, tmp_path: Path
) -> None:
    recording = write_slice(tmp_path / "whole.csv.gz", ROWS)
    kills = {ROWS * part // 7: kill_the_job for part in (1, 2, 4, 5, 6)}
    faults = {**kills, ROWS * 3 // 7: restart_kafka}
    replay_through(recorded_platform, recording, tmp_path, speed="40", faults=faults)
    assert_exact(recorded_platform, recording, seconds=600)
