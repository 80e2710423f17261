# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One worker process and what guards it: a time limit, a memory limit, and a new process where it ended."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

from _arsis import Error

from arsis.sweeps.code import code_hash
from arsis.sweeps.jobs import Job
from arsis.sweeps.memory import resident_mib
from arsis.sweeps.worker import Outcome

WATCH_SECONDS = 0.05  # between two looks at a worker's memory
START_SECONDS = 120.0  # that a worker may take to load the package
_WORKER = "from arsis.sweeps.worker import main; main()"


class WorkerError(Error, RuntimeError):
    """Workers cannot be started: no point can be computed."""


@dataclass(frozen=True)
class Limits:
    """Of each point; None: none."""

    seconds: float | None = None
    mib: float | None = None  # resident memory of the worker, with the package itself, about 150 MiB


def python_path() -> str:
    """PYTHONPATH with which another process finds what this one finds."""
    paths = [str(Path(__file__).resolve().parents[2]), *(path for path in sys.path if path)]
    return os.pathsep.join(dict.fromkeys(paths))


class Runner:
    """Does one job at a time in a process of its own. `connection` is readable when there is news."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.job: Job | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = False
        self._deadline = float("inf")

    # The process.

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  # what a crash prints; closed when the process ends
        command = [sys.executable, "-c", _WORKER, str(theirs.fileno())]
        self._process = subprocess.Popen(
            command,
            pass_fds=[theirs.fileno()],
            env={**os.environ, "PYTHONPATH": python_path()},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        theirs.close()
        self.connection = Connection(ours.detach())
        self._ready = False

    def _end(self) -> int:
        """Ends the process; its exit status."""
        assert self._process
        self._process.kill()
        status = self._process.wait()
        self.connection.close()
        self._process = None
        return status

    def _last_words(self) -> str:
        self._log.seek(max(0, self._log.tell() - 4000))
        lines = [line.strip() for line in self._log.read().decode(errors="replace").splitlines() if line.strip()]
        self._log.close()
        return f": {lines[-1][:300]}" if lines else ""

    def close(self) -> None:
        if self._process:
            self._end()
            self._log.close()
        self.job = None

    # The jobs.

    def submit(self, job: Job) -> None:
        """REQUIRES: no job is in work."""
        assert self.job is None
        self.job = job
        if self._process is None or self._process.poll() is not None:
            self.close()
            self.job = job
            self._start()
            self._deadline = time.monotonic() + START_SECONDS
        else:
            self._send()

    def _send(self) -> None:
        assert self.job
        self._deadline = time.monotonic() + (self.limits.seconds or float("inf"))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # that it ended is read next
            self.connection.send(self.job)

    def _lost(self, error: str, message: str) -> Outcome:
        self._end()
        self._log.close()
        self.job = None
        return Outcome({}, error, message, retry=True)

    def poll(self) -> Outcome | None:
        """What became of the job, if that is known."""
        assert self.job
        if self.connection.poll():
            try:
                news = self.connection.recv()
            except (EOFError, ConnectionResetError):
                return self._crashed()
            if self._ready:
                self.job = None
                return cast(Outcome, news)
            if news != code_hash():
                self.close()
                raise WorkerError("a worker has other code than the program that sweeps, expected one installation")
            self._ready = True
            self._send()
        if time.monotonic() > self._deadline:
            if not self._ready:
                self.close()
                raise WorkerError(f"a worker took more than {START_SECONDS:g} s to start")
            return self._lost("Timeout", f"took longer than the time limit of {self.limits.seconds:g} s")
        assert self._process
        if self.limits.mib and self._ready and (used := resident_mib(self._process.pid)) > self.limits.mib:
            return self._lost(
                "MemoryLimit", f"used {used:,.0f} MiB, more than the memory limit of {self.limits.mib:,.0f} MiB"
            )
        return None

    def _crashed(self) -> Outcome:
        assert self._process
        status = self._process.wait(10)
        started, words = self._ready, self._last_words()
        self._process = None
        self.connection.close()
        self.job = None
        if not started:
            raise WorkerError(f"a worker could not start{words}")
        if status < 0:
            return Outcome({}, "Crash", f"the worker ended by {signal.Signals(-status).name}{words}", retry=True)
        return Outcome({}, "Crash", f"the worker exited with status {status}{words}", retry=True)

    def wait_seconds(self) -> float:
        """How long nobody needs to look, if the connection stays quiet."""
        left = max(0.0, self._deadline - time.monotonic())
        return min(left, WATCH_SECONDS) if self.limits.mib else left

    def run(self, job: Job) -> Outcome:
        """The outcome of one job; waits for it."""
        from multiprocessing.connection import wait

        self.submit(job)
        while (outcome := self.poll()) is None:
            wait([self.connection], timeout=min(self.wait_seconds(), 3600.0))
        return outcome
