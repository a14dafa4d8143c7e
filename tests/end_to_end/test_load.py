"""The load test's smoke profile holds, and what is wrong with a threshold or with the shop makes it fail."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from local.load_test import SCRIPT, LoadTest, scenarios_of, write_data
from tests.end_to_end.conftest import Platform
from tests.end_to_end.load import SmokeRun

THRESHOLDS_CROSSED, INVALID = 99, 104


def test_the_smoke_profile_holds_and_says_what_kafka_saw(smoke_run: SmokeRun) -> None:
    assert smoke_run.exit_code == 0
    assert set(scenarios_of(smoke_run.metrics)) == {"products", "cart_add", "orders", "activity_event", "journey"}
    for scenario in scenarios_of(smoke_run.metrics):
        measured = smoke_run.metrics[f"http_req_duration{{scenario:{scenario}}}"]
        assert 0 < measured["avg"] < 300
        assert measured["p(95)"] > 0
    assert smoke_run.metrics["kafka_acknowledged_events_per_second"]["value"] > 3
    assert 0 < smoke_run.metrics["kafka_acknowledgement_p95"]["value"] < 3000
    assert smoke_run.metrics["kafka_consumer_lag_records"]["max"] >= 0


BROKEN = {
    "an endpoint that errors": ("shop.js", "/products?limit=20", "/products?limit=twenty", THRESHOLDS_CROSSED),
    "an endpoint that is not there": ("shop.js", '"/cart/add"', '"/cart/ad"', THRESHOLDS_CROSSED),
    "a wrong answer": ("shop.js", "body.product_id === product", "body.product_id !== product", THRESHOLDS_CROSSED),
    "a scenario that nothing has": ("thresholds.js", "{scenario:${name}}", "{scenaro:${name}}", THRESHOLDS_CROSSED),
    "a metric that is not there": ("thresholds.js", 'of("http_req_duration")', 'of("http_req_duratoin")', INVALID),
    "a threshold that is none": ("thresholds.js", "avg<", "agv<", INVALID),
}


@pytest.fixture(scope="module")
def exit_codes(live_platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """What k6 says of copies of its scripts with one fault each; side by side, as they take seconds each."""
    data = write_data(live_platform.stack)

    def run(fault: str) -> int:
        name, right, wrong, _ = BROKEN[fault]
        copy = tmp_path_factory.mktemp("k6") / "k6"
        shutil.copytree(SCRIPT.parent, copy)
        text = (copy / name).read_text()
        assert right in text
        (copy / name).write_text(text.replace(right, wrong))
        scenario = "cart_add" if "cart" in right else "products"
        return replace(LoadTest(scenario=scenario, rate=0.5), script=copy / SCRIPT.name).run(
            live_platform.stack, data=data
        )

    with ThreadPoolExecutor(len(BROKEN)) as pool:
        return dict(zip(BROKEN, pool.map(run, BROKEN), strict=True))


@pytest.mark.parametrize("fault", BROKEN)
def test_a_run_fails_for(fault: str, exit_codes: dict[str, int]) -> None:
    assert exit_codes[fault] == BROKEN[fault][-1]
