# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The store of a sweep: one SQLite file, a row per point, written by the one driver that holds its lock.

Tables: `points` (the rows; a column for every input and output, added as they come), `sweeps` and `members` (which
points a sweep has, in which order), `chips` (all values of each chip, to fill columns that come later), `reports`
(compressed JSON), `states` (of searches, and what sensitivities found). Every row is committed as it comes, in a
write-ahead log: a killed driver loses what was in flight. Any number of readers may look on.
"""

from __future__ import annotations

import json
import sqlite3
import time
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from arsis.sweeps.code import code_hash
from arsis.sweeps.jobs import Job, chip_columns, input_columns
from arsis.sweeps.lock import DriverLock, StoreError
from arsis.sweeps.space import base_values
from arsis.sweeps.values import plain
from arsis.sweeps.worker import Outcome

VERSION = 1
Row = dict[str, object]

# Columns that every row has, besides inputs and outputs.
FIXED = ("key", "status", "error", "message", "retry", "finished", "chip_values")
# How a result came about; all other columns are the same whoever computes them.
CIRCUMSTANCES = ("finished", "reuse", "compile_seconds", "simulate_seconds", "cpu_seconds", "worker_mib")
_SENSITIVITY = "sensitivity "  # begins the name of a state, the number of the sweep ends it

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS points (key TEXT PRIMARY KEY, status TEXT, error TEXT, message TEXT, retry INTEGER,
  finished REAL, chip_values INTEGER);
CREATE TABLE IF NOT EXISTS sweeps (id INTEGER PRIMARY KEY, begun REAL, code TEXT, about TEXT);
CREATE TABLE IF NOT EXISTS members (sweep INTEGER, position INTEGER, key TEXT,
  PRIMARY KEY (sweep, position)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS chips (id INTEGER PRIMARY KEY, contents TEXT UNIQUE);
CREATE TABLE IF NOT EXISTS reports (key TEXT PRIMARY KEY, packed BLOB);
CREATE TABLE IF NOT EXISTS states (name TEXT PRIMARY KEY, state BLOB);
"""


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class Store:
    """A store to read (`write=False`, the file exists) or to sweep into. `path` None: in memory, gone with the object.

    Raises StoreError for a file that is no store, of another version, missing, or written by another sweep.
    """

    def __init__(self, path: Path | str | None, write: bool = False) -> None:
        self.path = None if path is None else Path(path)
        self._lock: DriverLock | None = None
        if self.path is not None and not write and not self.path.is_file():
            raise StoreError(f"{self.path}: no such file")
        if self.path is not None and write:
            if not self.path.parent.is_dir():
                raise StoreError(f"{self.path}: there is no folder {self.path.parent}")
            self._lock = DriverLock(self.path)
        try:
            self._open(write)
        except sqlite3.DatabaseError as error:
            self.close()
            raise StoreError(f"{self.path}: {error}, expected the store of a sweep") from None
        except BaseException:
            self.close()
            raise
        self._chip_ids: dict[str, int] = {}

    def _open(self, write: bool) -> None:
        writes = write or self.path is None
        where = ":memory:" if self.path is None else f"{self.path.resolve().as_uri()}?mode={'rwc' if writes else 'ro'}"
        self._base = sqlite3.connect(where, uri=self.path is not None, isolation_level=None, timeout=60)
        self._base.row_factory = sqlite3.Row
        if writes:
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("PRAGMA synchronous=NORMAL")
            self._base.executescript(_TABLES)
            self._base.execute("INSERT OR IGNORE INTO meta VALUES ('version', ?)", (VERSION,))
        found = self._base.execute("SELECT value FROM meta WHERE name = 'version'").fetchone()
        if found is None or found[0] != VERSION:
            raise StoreError(f"{self.path}: a store of version {found and found[0]}, expected {VERSION}")
        self._columns = [row[1] for row in self._base.execute("PRAGMA table_info(points)")]

    def close(self) -> None:
        if base := getattr(self, "_base", None):
            base.close()
        if self._lock:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Writing.

    def _ensure_columns(self, names: Iterable[str]) -> None:
        for name in names:
            if name in self._columns:
                continue
            try:
                self._base.execute(f"ALTER TABLE points ADD COLUMN {_quoted(name)}")
            except sqlite3.OperationalError as error:
                raise StoreError(f"{self.path}: column {name}: {error}") from None
            self._columns.append(name)
            for chip, contents in self._base.execute("SELECT id, contents FROM chips").fetchall():
                value = plain(json.loads(contents).get(name))
                if value is not None:
                    self._base.execute(f"UPDATE points SET {_quoted(name)} = ? WHERE chip_values = ?", (value, chip))

    def _chip_id(self, chip: str) -> int:
        if chip not in self._chip_ids:
            contents = json.dumps(base_values(chip), sort_keys=True)
            self._base.execute("INSERT OR IGNORE INTO chips (contents) VALUES (?)", (contents,))
            found = self._base.execute("SELECT id FROM chips WHERE contents = ?", (contents,)).fetchone()
            self._chip_ids[chip] = found[0]
        return self._chip_ids[chip]

    def add(self, job: Job, outcome: Outcome) -> Row:
        """Writes the row of a point and commits it. Raises StoreError where an output has the name of an input."""
        row = input_columns(job)
        if both := sorted(set(row) & (set(outcome.row) | set(FIXED))):
            raise StoreError(f"{both[0]} is the name of an output, expected another one for the parameter")
        self._base.execute("BEGIN")
        try:
            row |= {"key": job.key, "status": "ok" if outcome.ok else "error", "error": outcome.error or None}
            row |= {"message": outcome.message or None, "retry": int(outcome.retry), "finished": time.time()}
            row |= {"chip_values": self._chip_id(job.chip), **outcome.row}
            self._ensure_columns(row)
            row |= chip_columns(job, self._columns)
            names, marks = ", ".join(map(_quoted, row)), ", ".join("?" * len(row))
            self._base.execute(f"INSERT OR REPLACE INTO points ({names}) VALUES ({marks})", list(row.values()))
            if outcome.report is not None:
                self._base.execute("INSERT OR REPLACE INTO reports VALUES (?, ?)", (job.key, outcome.report))
            self._base.execute("COMMIT")
        except BaseException:
            self._base.execute("ROLLBACK")
            raise
        return row

    def begin(self, about: dict[str, object], keys: list[str]) -> int:
        """A new sweep over the points of these keys, or the one before that is the same."""
        for sweep in self.like(about):
            if [row[0] for row in self._members(sweep)] == keys:
                self._base.execute("UPDATE sweeps SET begun = ? WHERE id = ?", (time.time(), sweep))
                return sweep
        self._base.execute("BEGIN")
        entry = (time.time(), code_hash(), json.dumps(about))
        self._base.execute("INSERT INTO sweeps (begun, code, about) VALUES (?, ?, ?)", entry)
        sweep = int(self._base.execute("SELECT last_insert_rowid()").fetchone()[0])
        self._extend(sweep, 0, keys)
        self._base.execute("COMMIT")
        return sweep

    def like(self, about: dict[str, object]) -> list[int]:
        """Sweeps of this code and this description."""
        query = "SELECT id FROM sweeps WHERE about = ? AND code = ? ORDER BY id"
        return [row[0] for row in self._base.execute(query, (json.dumps(about), code_hash()))]

    def _extend(self, sweep: int, position: int, keys: list[str]) -> None:
        rows = [(sweep, position + number, key) for number, key in enumerate(keys)]
        self._base.executemany("INSERT OR REPLACE INTO members VALUES (?, ?, ?)", rows)

    def set_search(self, sweep: int, keys: list[str], state: bytes) -> None:
        """How far a search is: its points so far, and what goes on from there."""
        self._base.execute("BEGIN")
        self._extend(sweep, 0, keys)
        self._base.execute("INSERT OR REPLACE INTO states VALUES (?, ?)", (str(sweep), state))
        self._base.execute("COMMIT")

    def set_sensitivity(self, sweep: int, method: str, rows: list[Row]) -> None:
        """What a sensitivity found on the points of a sweep."""
        state = json.dumps({"method": method, "rows": rows}).encode()
        self._base.execute("INSERT OR REPLACE INTO states VALUES (?, ?)", (f"{_SENSITIVITY}{sweep}", state))

    # Reading.

    def _members(self, sweep: int) -> sqlite3.Cursor:
        return self._base.execute("SELECT key FROM members WHERE sweep = ? ORDER BY position", (sweep,))

    def known(self, keys: Iterable[str], retry: bool = False) -> set[str]:
        """Those of the keys that have a row; with `retry`, without rows whose error lay in the circumstances."""
        wanted = set(keys)
        rows = self._base.execute("SELECT key FROM points" + (" WHERE retry = 0" if retry else ""))
        return {row[0] for row in rows if row[0] in wanted}

    def row(self, key: str) -> Row:
        """REQUIRES: the point has a row."""
        return dict(self._base.execute("SELECT * FROM points WHERE key = ?", (key,)).fetchone())

    def sweeps(self) -> list[dict[str, Any]]:
        """Number, time of the last beginning, code and description of every sweep, in the order of these times."""
        rows = self._base.execute("SELECT * FROM sweeps ORDER BY begun, id")
        return [{**dict(row), "about": json.loads(row["about"])} for row in rows]

    def rows(self, sweep: int | None = None) -> list[Row]:
        """Of the points of one sweep, in its order; by default of the last. Columns in the order of the table."""
        if sweep is None:
            found = self._base.execute("SELECT id FROM sweeps ORDER BY begun DESC, id DESC").fetchone()
            sweep = found[0] if found else None
        query = "SELECT points.* FROM members JOIN points USING (key) WHERE sweep = ? ORDER BY position"
        return [dict(row) for row in self._base.execute(query, (sweep,))]

    def report(self, key: str) -> dict[str, Any] | None:
        """The report of a point, where it was kept."""
        found = self._base.execute("SELECT packed FROM reports WHERE key = ?", (key,)).fetchone()
        return json.loads(zlib.decompress(found[0])) if found else None

    def search(self, sweep: int) -> bytes | None:
        """What goes on with a search."""
        found = self._base.execute("SELECT state FROM states WHERE name = ?", (str(sweep),)).fetchone()
        return found[0] if found else None

    def sensitivities(self) -> dict[int, dict[str, Any]]:
        """`method` and `rows` of every sensitivity, by the number of its sweep, the latest last."""
        found = self._base.execute("SELECT name, state FROM states WHERE name LIKE ?", (f"{_SENSITIVITY}%",))
        kept = {int(name.removeprefix(_SENSITIVITY)): json.loads(state) for name, state in found}
        return {each["id"]: kept[each["id"]] for each in self.sweeps() if each["id"] in kept}
