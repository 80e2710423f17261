# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One driver per store: a file beside it that the driver holds locked and removes; the system frees it after a kill."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from _arsis import Error


class StoreError(Error, RuntimeError):
    """A store that cannot be used. The message names the file."""


class DriverLock:
    """Held from here to `release`. Raises StoreError if another driver, of this process or another, holds it."""

    def __init__(self, store: Path) -> None:
        self._path = store.with_name(store.name + "-lock")
        while True:
            try:
                self._file = open(self._path, "a+")  # noqa: SIM115 - it stays open as long as the lock
            except OSError as error:
                raise StoreError(f"{self._path}: {error.strerror}") from None
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._file.seek(0)
                holder = self._file.read().strip()
                self._file.close()
                raise StoreError(
                    f"{store}: a sweep is writing to it (process {holder}), expected one at a time"
                ) from None
            # Who held it before may have removed the file between the two calls: then another one is the lock.
            with contextlib.suppress(OSError):
                if os.fstat(self._file.fileno()).st_ino == os.stat(self._path).st_ino:
                    break
            self._file.close()
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
        self._file.close()
