"""The function: called by S3 itself, or by SQS with S3's notifications as messages.

A file is imported by whoever claims it first; where the time limit comes before its end, a message to our own queue
brings the next run. With SQS only the messages that must come again are reported as failed.
"""

from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
import urllib3
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from serverless.product_bulk_import_lambda.configuration import Configuration
from serverless.product_bulk_import_lambda.importing import Import, Limits
from serverless.product_bulk_import_lambda.notifications import (
    Upload,
    is_batch_of_messages,
    notification_of,
    uploads,
    uploads_of_message,
)
from serverless.product_bulk_import_lambda.reporting import logger
from serverless.product_bulk_import_lambda.shop import TIMEOUT, Shop
from serverless.product_bulk_import_lambda.source import ObjectGone
from serverless.product_bulk_import_lambda.tokens import Tokens

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

_RETRIED = Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=5, read_timeout=30)


@logger.inject_lambda_context
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any] | None:
    """Import the files that the event tells of; an exception, or a failed item, brings a notification back."""
    if not is_batch_of_messages(event):
        for upload in uploads(event):
            import_upload(upload, context)
        return None
    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)

    def import_message(record: SQSRecord) -> None:
        try:
            for upload in uploads_of_message(record.body):
                import_upload(upload, context)
        except Exception:  # the processor tells SQS, and nobody else
            logger.exception("the message comes again", extra={"body": record.body})
            raise

    answer = process_partial_response(event=event, record_handler=import_message, processor=processor, context=context)
    return dict(answer)


def import_upload(upload: Upload, context: LambdaContext) -> None:
    """Import a file, or as much of it as there is time for. Raises what shall bring the notification back."""
    configuration = _configuration()
    limits = Limits(
        remaining=lambda: context.get_remaining_time_in_millis() / 1000,
        in_flight=configuration.in_flight,
        currency=configuration.currency,
    )
    try:
        run = Import(_s3(), _shop(), upload, reports_bucket=configuration.reports_bucket, limits=limits)
    except ObjectGone:
        logger.warning("the object is gone", extra={"key": upload.key, "version": upload.version})
        return
    progress = run.run()
    if not progress.is_over:
        _sqs().send_message(QueueUrl=configuration.queue_url, MessageBody=notification_of(run.upload))


@cache
def _configuration() -> Configuration:
    return Configuration.of_environment()


@cache
def _s3() -> "S3Client":
    return boto3.client("s3", config=_RETRIED)


@cache
def _sqs() -> "SQSClient":
    return boto3.client("sqs", config=_RETRIED)


@cache
def _secrets() -> Any:
    return boto3.client("secretsmanager", config=_RETRIED)


@cache
def _shop() -> Shop:
    """Connections and token are kept for the next run in this process."""
    configuration = _configuration()
    pool = urllib3.PoolManager(maxsize=configuration.in_flight, block=True, retries=False, timeout=TIMEOUT)
    tokens = Tokens(
        pool,
        gateway_url=configuration.gateway_url,
        secrets=_secrets(),
        secret_id=configuration.secret_id,
    )
    return Shop(pool, gateway_url=configuration.gateway_url, tokens=tokens)
