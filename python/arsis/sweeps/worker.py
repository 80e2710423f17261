# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A worker process: takes jobs from a socket, gives outcomes back, ends when the other side does.

It is started as a program of its own (runner.py): no guard around the main part of the program that sweeps is needed,
and no lock or thread of that is copied.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from dataclasses import dataclass
from multiprocessing.connection import Connection

PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


@dataclass
class Outcome:
    """What became of a job: a row of outputs, or an error with its class."""

    row: dict[str, object]
    error: str = ""
    message: str = ""
    report: bytes | None = None
    retry: bool = False  # the error lies in the circumstances (time, memory, a signal), not in the point

    @property
    def ok(self) -> bool:
        return not self.error


def _die_with_parent() -> None:
    ctypes.CDLL(None, use_errno=True).prctl(PARENT_DEATH_SIGNAL, signal.SIGKILL)


def serve(connection: Connection) -> None:
    from arsis.sweeps.code import code_hash
    from arsis.sweeps.evaluate import Evaluator

    evaluate = Evaluator()
    connection.send(code_hash())
    while True:
        try:
            job = connection.recv()
        except EOFError:
            return
        try:
            row, report = evaluate(job)
            outcome = Outcome(row, report=report)
        except MemoryError as error:
            outcome = Outcome({}, "MemoryLimit", f"out of memory: {error}".rstrip(": "), retry=True)
        except Exception as error:
            outcome = Outcome({}, type(error).__name__, str(error))
        connection.send(outcome)


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program that sweeps
    _die_with_parent()
    with Connection(int(sys.argv[1])) as connection:
        try:
            serve(connection)
        except (BrokenPipeError, ConnectionResetError):
            os._exit(1)  # nobody is there to be told
