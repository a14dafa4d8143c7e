"""How far the job has come, by what it has left in DynamoDB and Kafka: known whether it runs or not."""

from botocore.exceptions import BotoCoreError, ClientError

from streaming.checkpoints import MINUTE_MS, last_times_read
from streaming.options import Options
from streaming.tables import connect


def final_before(options: Options) -> int:
    """The time (ms) before which all windows are written for good, by the last checkpoint of the group; 0 if none.

    A job that resumes from that checkpoint or a later one does not write them again. Whole minutes.
    """
    behind = (options.lateness_seconds + 1) * 1000
    return max(min(last_times_read(options)) - behind, 0) // MINUTE_MS * MINUTE_MS


def newest_window(options: Options) -> str | None:
    """The start of the newest minute with a status item; None where there is none or the table does not answer."""
    try:
        found = connect(options).query(
            TableName=options.trending_table, KeyConditionExpression="granularity = :status",
            ExpressionAttributeValues={":status": {"S": "status"}}, ScanIndexForward=False, Limit=1,
            ProjectionExpression="window_start",
        )["Items"]  # fmt: skip
    except (BotoCoreError, ClientError):
        return None
    return str(found[0]["window_start"]["S"]) if found else None
