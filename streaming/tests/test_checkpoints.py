"""Which checkpoint is the newest."""

from pathlib import Path

from streaming.checkpoints import newest


def test_the_newest_is_the_last_one_that_is_complete(tmp_path: Path) -> None:
    for run, number, complete in (("a", 9, True), ("b", 1, True), ("b", 2, False)):
        checkpoint = tmp_path / run / f"chk-{number}"
        checkpoint.mkdir(parents=True)
        if complete:
            (checkpoint / "_metadata").touch()
    assert newest(tmp_path) == tmp_path / "b" / "chk-1"


def test_without_a_checkpoint_there_is_none(tmp_path: Path) -> None:
    assert newest(tmp_path / "absent") is None
