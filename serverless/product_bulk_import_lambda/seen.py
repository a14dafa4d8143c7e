"""The product ids of a file so far, on disk: a set of a million would take more memory than all the rest."""

import sqlite3
import tempfile
from types import TracebackType
from typing import Self

CACHE_KIB = 4096


class SeenIds:
    """Which line an id was on first. A file of /tmp that nobody else sees and that goes with its process."""

    def __enter__(self) -> Self:
        self._file = tempfile.NamedTemporaryFile(prefix="seen-")
        self._database = sqlite3.connect(self._file.name, isolation_level=None)
        for setting in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{CACHE_KIB}"):
            self._database.execute(f"PRAGMA {setting}")
        self._database.execute("CREATE TABLE seen (product_id TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID")
        self._database.execute("BEGIN")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()
        self._file.close()

    def first_line(self, product_id: str, line: int) -> int:
        """The line on which the id was first: this one where it is new."""
        added = self._database.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (product_id, line))
        if added.rowcount:
            return line
        found = self._database.execute("SELECT line FROM seen WHERE product_id = ?", (product_id,))
        return int(found.fetchone()[0])
