"""Options come from a flag, the environment, a file or the default, in this order, and are checked at once."""

from pathlib import Path

import pytest

from streaming.options import InvalidOptions, resolve


def test_the_first_place_that_has_an_option_wins(tmp_path: Path) -> None:
    file = tmp_path / "job.toml"
    file.write_text('rest_port = 1\nlateness_seconds = 2\nraw_topic = "file"\n')
    environment = {"STREAMING_REST_PORT": "3", "STREAMING_LATENESS_SECONDS": "4"}
    resolved = resolve({"rest_port": 5, "raw_topic": None}, environment, file)
    assert (resolved.options.rest_port, resolved.origins["rest_port"]) == (5, "--rest-port")
    assert (resolved.options.lateness_seconds, resolved.origins["lateness_seconds"]) == (
        4,
        "STREAMING_LATENESS_SECONDS",
    )
    assert (resolved.options.raw_topic, resolved.origins["raw_topic"]) == ("file", str(file))
    assert (resolved.options.parallelism, resolved.origins["parallelism"]) == (2, "default")


def test_the_file_may_be_named_by_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "job.toml"
    file.write_text("recorded_time = true\n")
    assert resolve({}, {"STREAMING_CONFIG": str(file)}).options.recorded_time


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("STREAMING_REST_PORT", "no", "rest_port (STREAMING_REST_PORT): 'no' is not a whole number"),
        ("STREAMING_PARALLELISM", "0", "parallelism (STREAMING_PARALLELISM): 0 is not between 1 and 2147483648"),
        (
            "STREAMING_RECORDED_TIME",
            "maybe",
            "recorded_time (STREAMING_RECORDED_TIME): 'maybe' is neither true nor false",
        ),
        ("STREAMING_RAW_TOPIC", "", "raw_topic (STREAMING_RAW_TOPIC): must not be empty"),
        ("STREAMING_RAW_TOPIC", "a' OR 'b", "raw_topic (STREAMING_RAW_TOPIC): \"a' OR 'b\" holds a quote"),
    ],
)
def test_a_wrong_value_is_refused_with_its_name_and_origin(variable: str, value: str, message: str) -> None:
    with pytest.raises(InvalidOptions) as refused:
        resolve({}, {variable: value})
    assert message in str(refused.value)


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    file = tmp_path / "job.toml"
    file.write_text("retension_days = 1\nheap_mb = 1\n")
    with pytest.raises(InvalidOptions) as refused:
        resolve({}, {}, file)
    assert str(refused.value).splitlines() == [
        f"retension_days ({file}): no such option", f"heap_mb ({file}): 1 is not between 256 and 2147483648"
    ]  # fmt: skip


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidOptions, match=r"absent\.toml"):
        resolve({}, {}, tmp_path / "absent.toml")
