"""The command line: one command whose subcommands are grouped by what they are about."""

import click

from streaming.cli import clusters, here, recounts
from streaming.failures import EXIT_CODES

EPILOG = f"""\b
Examples:
  python -m streaming run
  python -m streaming run --bootstrap-servers 127.0.0.1:19092 --dynamodb-endpoint http://127.0.0.1:18000
  python -m streaming status --wait-for-checkpoint 90 --json
  python -m streaming submit --rest-address flink.internal --rest-port 8081
  STREAMING_LATENESS_SECONDS=30 python -m streaming config

Each option is taken from its flag, else from the environment (STREAMING_ and its name in capitals), else from the TOML
file of --config or STREAMING_CONFIG. AWS credentials and region come from the environment as usual.

\b
{EXIT_CODES}
"""


@click.group(epilog=EPILOG, context_settings={"max_content_width": 120})
def main() -> None:
    """Exact per-minute shopper counts from Kafka, by Flink, into DynamoDB and Kafka."""


for command in (*here.COMMANDS, *clusters.COMMANDS, *recounts.COMMANDS):
    main.add_command(command)
