"""Commands that run the job, or look at it, on this machine alone."""

import json
from dataclasses import asdict

import click

from streaming.cli.command import command, json_flag, say, say_aside, show
from streaming.options import Resolved


@command("  python -m streaming run\n  python -m streaming run --config job.toml --parallelism 4")
def run(resolved: Resolved) -> None:
    """Run the job on an embedded cluster until SIGTERM, Ctrl-C or `stop`; resumes from the newest checkpoint."""
    from streaming import runner

    runner.run(resolved.options, say)


@command("  python -m streaming config\n  STREAMING_LATENESS_SECONDS=30 python -m streaming config --json")
@json_flag
def config(resolved: Resolved, as_json: bool) -> None:
    """Show each option's value and where it came from."""
    values = asdict(resolved.options)
    if as_json:
        show({name: {"value": value, "from": resolved.origins[name]} for name, value in values.items()}, True)
        return
    for name, value in values.items():
        click.echo(f"{name} = {json.dumps(value)}  ({resolved.origins[name]})")


@command("  python -m streaming explain\n  python -m streaming explain --json --lateness-seconds 30")
@json_flag
def explain(resolved: Resolved, as_json: bool) -> None:
    """Show the optimized plan and the fingerprint by which checkpoints are found. Needs neither Kafka nor DynamoDB."""
    from streaming import runner

    plan, fingerprint = runner.explain(resolved.options)
    if as_json:
        show({"fingerprint": fingerprint, "plan": plan}, True)
    else:
        click.echo(f"{plan}\nfingerprint: {fingerprint}")


@command("  python -m streaming bench --events 1000000 --products 20000")
@click.option("--events", default=2_000_000, show_default=True, help="Events in the topic.")
@click.option("--products", default=500, show_default=True, help="Products they are about.")
@click.option("--shoppers", default=100_000, show_default=True, help="Shoppers they are from.")
@click.option("--hot-percent", default=0, show_default=True, help="Percent of them that are about one product.")
@click.option("--partitions", default=4, show_default=True, help="Partitions of the topic.")
@click.option("--minutes", default=2, show_default=True, help="Minutes they are spread over.")
@click.option("--items", default=5_000, show_default=True, help="Items that one writer writes.")
@click.option("--linger-ms", default=20, show_default=True, help="How long the topic's producer waits for more.")
@click.option("--batch-kb", default=128, show_default=True, help="How much it sends at once.")
@click.option("--compression", type=click.Choice(["none", "gzip", "snappy", "lz4"]), default="lz4",
              show_default=True, help="How it compresses that; for zstd Flink brings no library.")  # fmt: skip
@click.option("--only-kafka", is_flag=True, help="Leave the whole job and the writer out; fill for 15 s at most.")
def bench(
    resolved: Resolved, items: int, linger_ms: int, batch_kb: int, compression: str, only_kafka: bool, **load: int
) -> None:
    """Measure the job from a full topic beside a job that only parses, and one writer; print JSON.

    Needs Kafka and DynamoDB; makes topics and tables of its own, and removes them.
    """
    from streaming import bench as benches

    told, producer = (
        benches.Load(**load),
        benches.Producer(linger_ms=linger_ms, batch_kb=batch_kb, compression=compression),
    )
    if only_kafka:
        figures = benches.bench_kafka(resolved.options, told, producer, say_aside)
    else:
        figures = benches.bench(resolved.options, told, producer, items, say_aside)
    click.echo(json.dumps(figures))


COMMANDS = (run, config, explain, bench)
