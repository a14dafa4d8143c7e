"""What operators see of a run: one structured log line, and metrics in CloudWatch's embedded format."""

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from serverless.product_bulk_import_lambda.progress import Progress

SERVICE = "product_bulk_import_lambda"
NAMESPACE = "ecom/imports"
OUTCOMES = ("created", "updated", "unchanged", "rejected")

logger = Logger(service=SERVICE)
metrics = Metrics(namespace=NAMESPACE, service=SERVICE)


def report(before: dict[str, float], progress: Progress) -> None:
    """Tell what a run did; `before` are the figures that it began with."""
    done = {name: value - before.get(name, 0) for name, value in figures(progress).items()}
    for name, value in done.items():
        unit = MetricUnit.Seconds if name == "duration_seconds" else MetricUnit.Count
        metrics.add_metric(name="".join(word.capitalize() for word in name.split("_")), unit=unit, value=value)
    if done["duration_seconds"] > 0:
        rate = done["rows_read"] / done["duration_seconds"]
        metrics.add_metric(name="RowsPerSecond", unit=MetricUnit.CountPerSecond, value=rate)
    metrics.add_metric(name="Failed", unit=MetricUnit.Count, value=int(progress.status == "failed"))
    metrics.flush_metrics()
    logger.info(
        "import %s",
        progress.status,
        extra={"key": progress.key, "version": progress.version, "reason": progress.reason, "figures": done},
    )


def figures(progress: Progress) -> dict[str, float]:
    """The figures that grow with each run."""
    return {name: getattr(progress, name) for name in ("rows_read", *OUTCOMES, "duration_seconds")}
