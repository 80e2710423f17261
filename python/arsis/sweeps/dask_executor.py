# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Workers of a Dask cluster: one that is there, by its scheduler's address, or one of this machine.

A task is a few jobs that may share a program. In a Dask worker they go to a worker process of ours (runner.py), so that
limits and crashes mean there what they mean here; it stays for the next task. Where a Dask worker is lost, Dask gives
its task to another one. All machines need one installation, and the files of models and chips under the same paths.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from collections import deque
from collections.abc import Iterator
from typing import Any

from arsis.sweeps.code import code_hash
from arsis.sweeps.jobs import Job
from arsis.sweeps.local import cores
from arsis.sweeps.result import needed
from arsis.sweeps.runner import Limits, Runner, WorkerError, python_path
from arsis.sweeps.worker import Outcome

MOST_JOBS = 8  # of a task: what a lost worker takes with it
TASKS_AHEAD = 2  # per worker, so that none waits for the driver
CONNECT_SECONDS = 30
IDLE = "5 minutes"  # after which a cluster of this machine ends whose driver was killed

_runners = threading.local()


def run_jobs(jobs: list[Job], limits: Limits, code: str) -> list[Outcome]:
    """In a Dask worker: the outcomes of the jobs, in order."""
    if code != code_hash():
        raise WorkerError("a Dask worker has other code than the program that sweeps, expected one installation")
    runner: Runner | None = getattr(_runners, "runner", None)
    if runner is None or runner.limits != limits:
        if runner is not None:
            runner.close()
        runner = _runners.runner = Runner(limits)
    try:
        return [runner.run(job) for job in jobs]
    except BaseException:
        runner.close()
        raise


@contextlib.contextmanager
def _python_path() -> Iterator[None]:
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = python_path()
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


class DaskExecutor:
    """Raises MissingPackage without Dask, WorkerError where nobody listens at the address."""

    def __init__(self, address: str | None, workers: int | None, limits: Limits) -> None:
        distributed = needed("distributed", "the executor dask")
        self._limits = limits
        self._cluster = None
        if address is None:
            from distributed.deploy.subprocess import SubprocessCluster

            with _python_path():
                self._cluster = SubprocessCluster(
                    n_workers=workers or cores(),
                    threads_per_worker=1,
                    dashboard_address=None,  # type: ignore[arg-type]  # Dask's own page says None
                    scheduler_kwargs={"idle_timeout": IDLE},
                    worker_kwargs={"memory_limit": 0, "death_timeout": CONNECT_SECONDS},
                )
        try:
            self._client = distributed.Client(self._cluster or address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            raise WorkerError(f"no Dask scheduler answers at {address}: {error}") from None
        self._pending: deque[list[Job]] = deque()
        self._tasks: dict[Any, list[Job]] = {}
        self._done: queue.SimpleQueue[Any] = queue.SimpleQueue()

    @property
    def workers(self) -> int:
        return max(1, int(sum(self._client.nthreads().values())))

    def submit(self, groups: list[list[Job]]) -> None:
        workers = self.workers
        for group in groups:
            size = max(1, min(MOST_JOBS, -(-len(group) // workers)))
            self._pending.extend(group[first : first + size] for first in range(0, len(group), size))

    def _fill(self) -> None:
        while self._pending and len(self._tasks) < TASKS_AHEAD * self.workers:
            jobs = self._pending.popleft()
            task = self._client.submit(run_jobs, jobs, self._limits, code_hash(), pure=False)
            self._tasks[task] = jobs
            task.add_done_callback(self._done.put)

    def outcomes(self) -> Iterator[tuple[Job, Outcome]]:
        """Of every job submitted, as they come; more may be submitted in between."""
        from distributed.scheduler import KilledWorker

        self._fill()
        while self._tasks:
            task = self._done.get()
            jobs = self._tasks.pop(task)
            self._fill()
            try:
                outcomes = task.result()
            except KilledWorker as error:
                message = f"Dask lost every worker that did it: {error}"
                outcomes = [Outcome({}, "Crash", message, retry=True)] * len(jobs)
            yield from zip(jobs, outcomes, strict=True)
            self._fill()

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()
