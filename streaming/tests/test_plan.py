"""What Flink makes of the statements."""

import json

from streaming.options import Options
from streaming.tests.job_process import command_line


def test_the_plan_has_one_source_and_one_aggregation_of_events() -> None:
    answer = command_line("explain", "--json")
    assert answer.returncode == 0, answer.stderr
    plan = json.loads(answer.stdout)["plan"]
    assert plan.count("TableSourceScan(") == 1
    assert plan.count("time_col=[rt]") == plan.count("WindowAggregate(groupBy=[product_id]") == 1
    assert plan.count("Sink(") == 4
    assert "idle" not in plan.lower()


def test_the_fingerprint_follows_the_plan_and_neither_addresses_nor_parallelism() -> None:
    from streaming.job import fingerprint

    same = fingerprint(Options(bootstrap_servers="elsewhere:9092", dynamodb_endpoint="http://x", parallelism=7))
    assert same == fingerprint(Options())
    assert fingerprint(Options(lateness_seconds=11)) != fingerprint(Options())
