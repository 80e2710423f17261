# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A sweep from its space to its rows: what the store lacks is computed, each row is kept as it comes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from _arsis import InputError

from arsis.sweeps.jobs import Job, JobMaker, grouped
from arsis.sweeps.local import LocalExecutor
from arsis.sweeps.progress import Progress
from arsis.sweeps.result import Objective, SweepResult, measured
from arsis.sweeps.runner import Limits
from arsis.sweeps.space import Point, Space, SpaceError
from arsis.sweeps.store import Row, Store
from arsis.sweeps.worker import Outcome


class Executor(Protocol):
    """Where jobs are done."""

    @property
    def workers(self) -> int: ...
    def submit(self, groups: list[list[Job]]) -> None: ...
    def outcomes(self) -> Iterator[tuple[Job, Outcome]]: ...
    def close(self) -> None: ...


def make_executor(executor: str, address: str | None, workers: int | None, limits: Limits) -> Executor:
    """Raises InputError for an executor that there is not."""
    if executor == "processes" and address is not None:
        raise InputError(f"address: found '{address}' with the executor processes, expected dask")
    if address is not None and workers is not None:
        raise InputError(
            f"workers: found {workers} with the address of a scheduler, which knows its own; expected None"
        )
    if executor == "processes":
        return LocalExecutor(workers, limits)
    if executor == "dask":
        from arsis.sweeps.dask_executor import DaskExecutor

        return DaskExecutor(address, workers, limits)
    raise InputError(f"executor: found '{executor}', expected processes or dask")


def checked_limits(time_limit: float | None, memory_limit: float | None) -> Limits:
    for name, value in (("time_limit", time_limit), ("memory_limit", memory_limit)):
        if value is not None and not value > 0:
            raise InputError(f"{name}: found {value}, expected a positive number or None")
    return Limits(time_limit, memory_limit)


def sweep(
    space: Space | Mapping[str, object] | str | Path,
    *,
    objectives: list[str] | None = None,
    store: str | Path | None = None,
    executor: str = "processes",
    address: str | None = None,
    workers: int | None = None,
    time_limit: float | None = None,
    memory_limit: float | None = None,
    measure: str = "",
    reports: bool = False,
    retry: bool = False,
    reuse: bool = True,
    progress: bool | None = None,
) -> SweepResult:
    """Computes every point of a space and returns one row for each, in the order of the space.

    Args:
        space: a dictionary, or the path of a YAML file (docs/guide_sweeps.md has the language).
        objectives: columns or expressions to be small (`max: ...`: large), for the Pareto front; in place of the
            space's own.
        store: SQLite file that keeps the rows; what it has is not computed again. None: nothing is kept.
        executor: "processes" of this machine, or "dask".
        address: of Dask's scheduler; None: a cluster of this machine.
        workers: how many; None: as many as cores (with `address`: all that the scheduler has).
        time_limit: seconds that a point may take.
        memory_limit: MiB that its worker may hold, the package's own 150 or so included.
        measure: "MODULE:FUNCTION" or "FILE.py:FUNCTION", called in the worker with a point and its report; what it
            returns, a dictionary, becomes further columns.
        reports: keep the whole report of each point in the store, compressed.
        retry: compute points again that timed out, crashed or ran out of memory before.
        reuse: share models, programs and runs between points; without, the same numbers take longer.
        progress: show a bar on standard error; None: if that is a terminal.

    A point that fails is a row with `status` "error", the class in `error` and the words in `message`.

    Raises:
        SpaceError: the space means nothing; the message names the place.
        StoreError: the file is no store, or another sweep is writing to it.
        WorkerError: workers cannot start.
    """
    space = as_space(space)
    settings = Settings(
        executor, address, workers, checked_limits(time_limit, memory_limit), measure, reports, retry, reuse
    )
    return compute(space, list(space.points()), objectives, store, settings, progress)


@dataclass(frozen=True)
class Settings:
    """How points are computed; `sweep` says what each means."""

    executor: str = "processes"
    address: str | None = None
    workers: int | None = None
    limits: Limits = field(default_factory=Limits)
    measure: str = ""
    reports: bool = False
    retry: bool = False
    reuse: bool = True

    def jobs(self, space: Space) -> JobMaker:
        return JobMaker(space, self.measure, report=self.reports, reuse=self.reuse)

    def machine(self) -> Executor:
        return make_executor(self.executor, self.address, self.workers, self.limits)


def compute(
    space: Space,
    points: list[Point],
    objectives: list[str] | None,
    store: str | Path | None,
    settings: Settings,
    progress: bool | None,
) -> SweepResult:
    """The rows of these points of a space, in order."""
    chosen = objectives if objectives is not None else space.objectives
    goals = [Objective(text) for text in chosen]
    make = settings.jobs(space)
    jobs = [make(point) for point in points]
    with Store(store, write=True) as opened:
        number = opened.begin(describe(space, chosen), [job.key for job in jobs])
        known = opened.known((job.key for job in jobs), settings.retry)
        missing = list({job.key: job for job in jobs if job.key not in known}.values())
        with Progress(len({job.key for job in jobs}), len(known), progress) as bar:
            bar.failed(sum(row["status"] != "ok" for row in opened.rows(number) if row["key"] in known))
            if missing:
                with closing(settings.machine()) as machine:
                    machine.submit(grouped(missing))
                    for job, outcome in machine.outcomes():
                        row = measured(opened.add(job, outcome), space.measures)
                        bar.add(outcome.ok)
                        for goal in goals if outcome.ok else []:
                            goal.value(row)  # a name that is no column is said at once
        rows = [measured(row, space.measures) for row in opened.rows(number)]
    return result_of(space, rows, chosen, opened.path, number)


def as_space(space: Space | Mapping[str, object] | str | Path) -> Space:
    if isinstance(space, Space):
        return space
    if isinstance(space, str | Path):
        from arsis.sweeps.read_space import read_space

        path = Path(space)
        if not path.is_file():
            raise SpaceError(str(path), "no such file, expected a space as YAML or a dictionary")
        return read_space(path)
    return Space(space)


def describe(space: Space, objectives: list[str]) -> dict[str, object]:
    """What the store remembers of a sweep."""
    return {
        "names": space.names(),
        "varied": space.varied(),
        "axes": space.moving(),
        "objectives": objectives,
        "measures": {name: expression.text for name, expression in space.measures.items()},
        "limits": [limit.text for limit in space.limits],
    }


def result_of(space: Space, rows: list[Row], objectives: list[str], store: Path | None, sweep: int) -> SweepResult:
    limits = [limit.text for limit in space.limits]
    where: dict[str, Any] = {} if store is None else {"store": store, "sweep": sweep}
    varied = space.varied()
    fixed = [name for name in space.names() if name not in varied]
    return SweepResult(rows, varied, objectives, limits, fixed=fixed, axes=space.moving(), **where)
