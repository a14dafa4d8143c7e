"""The walk-through of the documentation works as it is written, in the running platform."""

from pathlib import Path

from tests.end_to_end import walkthrough
from tests.end_to_end.conftest import Platform

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "docs" / "walkthrough.md"
LEAST_BLOCKS = 15


def test_every_command_of_the_walkthrough_is_answered_as_it_says(live_platform: Platform) -> None:
    environment = {**live_platform.variables, "GATEWAY": live_platform.stack.url("gateway")}
    steps = walkthrough.run(PAGE, folder=REPOSITORY, environment=environment, seconds=300)
    assert len(steps) >= LEAST_BLOCKS
    for block, printed in steps:
        assert block.matches(printed), f"{block.commands}\nprinted\n{printed}\nrather than\n{block.answer}"
