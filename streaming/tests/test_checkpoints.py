"""Which checkpoint a run begins with, and which are kept."""

from dataclasses import replace
from pathlib import Path

import pytest

from streaming.checkpoints import Plan, Start
from streaming.failures import NotReady
from streaming.options import Options


def plan_at(directory: Path) -> Plan:
    """The plan whose directory that is. Recorded times: a cold start asks no Kafka."""
    return Plan(replace(Options(), recorded_time=True, checkpoints_dir=str(directory.parent)), directory.name)


def checkpoint(plan: Path, run: str, name: str, *, complete: bool = True, known: bool = True) -> Path:
    """A checkpoint as Flink leaves one."""
    folder = plan / run / name
    folder.mkdir(parents=True)
    if known:
        (plan / run / "run.json").write_text('{"run_id": "r", "read_from_ms": 7, "first_window_ms": 60}')
    if complete:
        (folder / "_metadata").touch()
    return folder


def test_the_newest_is_the_last_one_that_is_complete(tmp_path: Path) -> None:
    for run, number, complete in (("a", 9, True), ("b", 1, True), ("b", 2, False)):
        checkpoint(tmp_path, run, f"chk-{number}", complete=complete)
    assert plan_at(tmp_path).newest() == (tmp_path / "b" / "chk-1").as_uri()


def test_a_savepoint_is_as_good_as_a_checkpoint(tmp_path: Path) -> None:
    checkpoint(tmp_path, "a", "chk-9")
    savepoint = checkpoint(tmp_path, "b", "savepoints/savepoint-1")
    assert plan_at(tmp_path).newest() == savepoint.as_uri()


def test_without_a_checkpoint_there_is_none(tmp_path: Path) -> None:
    checkpoint(tmp_path, "a", "chk-1", known=False)
    assert plan_at(tmp_path).newest() is None
    assert plan_at(tmp_path / "absent").newest() is None


def test_a_run_begins_where_that_of_its_checkpoint_began(tmp_path: Path) -> None:
    found = checkpoint(tmp_path, "a", "chk-1")
    run = plan_at(tmp_path).begin(attempt="1")
    assert (run.resume_from, run.start) == (found.as_uri(), Start(7, 60))


def test_two_at_once_decide_for_the_same_run_and_another_attempt_is_another(tmp_path: Path) -> None:
    first, second = (plan_at(tmp_path).begin(attempt="1") for _ in range(2))
    assert first == second
    assert plan_at(tmp_path).begin(attempt="2").job_id != first.job_id


def test_only_this_run_and_the_one_it_resumed_from_are_kept(tmp_path: Path) -> None:
    checkpoint(tmp_path, "a", "chk-1")
    checkpoint(tmp_path, "b", "chk-1")
    run = plan_at(tmp_path).begin(attempt="1")
    plan_at(tmp_path).forget_other_runs(run)
    assert {folder.name for folder in tmp_path.iterdir()} == {"b", run.job_id}


def test_a_checkpoint_of_another_plan_is_refused(tmp_path: Path) -> None:
    other = checkpoint(tmp_path / "other", "a", "chk-1")
    with pytest.raises(NotReady, match="is not a checkpoint of this plan"):
        plan_at(tmp_path / "plan").begin(attempt="1", resume_from=other.as_uri())
