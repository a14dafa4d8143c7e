"""The kinds of clusters that the job's life is led on: one that outlives its jobs, and Dataproc's, one for each run."""

from typing import Protocol

from streaming.dataproc_jobs import DataprocJobs
from streaming.flink_rest import FlinkRest, Job, Status
from streaming.options import DATAPROC, Options


class Target(Protocol):
    """Where the runs of the job are."""

    def jobs(self) -> list[Job]:
        """The runs that are remembered, the newest first. Raises NotRunning where nobody answers."""

    def flink(self, *, seconds: float) -> FlinkRest:
        """The REST API of the run that is active; it has so long to come up. Raises NotRunning."""

    def status(self) -> Status:
        """The state of the newest run."""

    def cancel(self, job: Job, *, seconds: float) -> None:
        """Have a run end without a savepoint, and wait until it has."""

    def wait_for_end(self, job: Job, *, seconds: float) -> None:
        """Wait until a run that Flink has stopped is gone."""


class LastingCluster:
    """A standalone or session cluster, or the embedded one: its REST API is where the options say."""

    def __init__(self, options: Options) -> None:
        self._flink = FlinkRest(options.flink_url, options.job_name)

    def jobs(self) -> list[Job]:
        """See Target."""
        return self._flink.jobs_or_fail()

    def flink(self, *, seconds: float) -> FlinkRest:
        """See Target; it is up, or there is no cluster."""
        return self._flink

    def status(self) -> Status:
        """See Target."""
        return self._flink.status()

    def cancel(self, job: Job, *, seconds: float) -> None:
        """See Target."""
        self._flink.cancel(job.job_id, seconds=seconds)

    def wait_for_end(self, job: Job, *, seconds: float) -> None:
        """See Target; what Flink has stopped is gone."""


def cluster_of(options: Options) -> Target:
    """The target that the options name."""
    return DataprocJobs(options) if options.target == DATAPROC else LastingCluster(options)
