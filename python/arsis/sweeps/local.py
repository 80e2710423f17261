# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Processes of this machine. Jobs that share a program go to one worker in a row, until others have nothing to do."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from multiprocessing.connection import wait

from arsis.sweeps.jobs import Job
from arsis.sweeps.runner import Limits, Runner
from arsis.sweeps.worker import Outcome


def cores() -> int:
    return len(os.sched_getaffinity(0))


class LocalExecutor:
    """`workers` processes, by default as many as this one may use cores."""

    def __init__(self, workers: int | None, limits: Limits) -> None:
        self._runners = [Runner(limits) for _ in range(workers or cores())]
        self._queues: list[deque[Job]] = [deque() for _ in self._runners]
        self._groups: deque[list[Job]] = deque()

    @property
    def workers(self) -> int:
        return len(self._runners)

    def submit(self, groups: list[list[Job]]) -> None:
        self._groups.extend(groups)

    def _next(self, number: int) -> Job | None:
        """The worker's own, else of the next group, else half of what the busiest has left."""
        queue = self._queues[number]
        if not queue and self._groups:
            queue.extend(self._groups.popleft())
        if not queue:
            longest = max(self._queues, key=len)
            for _ in range(len(longest) // 2):
                queue.appendleft(longest.pop())
            if not queue and len(longest) == 1:
                queue.append(longest.pop())
        return queue.popleft() if queue else None

    def outcomes(self) -> Iterator[tuple[Job, Outcome]]:
        """Of every job submitted, as they come; more may be submitted in between."""
        while True:
            for number, runner in enumerate(self._runners):
                if runner.job is None and (job := self._next(number)) is not None:
                    runner.submit(job)
            busy = [runner for runner in self._runners if runner.job is not None]
            if not busy:
                return
            wait(
                [runner.connection for runner in busy],
                timeout=min(3600.0, *(each.wait_seconds() for each in busy), 3600.0),
            )
            for runner in busy:
                job = runner.job
                if job is not None and (outcome := runner.poll()) is not None:
                    yield job, outcome

    def close(self) -> None:
        for runner in self._runners:
            runner.close()
