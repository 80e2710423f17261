# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Search: Optuna's samplers choose the points of a space, instead of all being computed.

Each parameter is an axis of indices, so that a sampler sees what is ordered (numbers) and what is not (names). What a
constraint of the space forbids is never computed; what fails, or misses one of the `limits`, is told to the sampler as
a violation. An evaluation is a point that this search had not seen; proposals that repeat one cost nothing. The whole
study, with the state of the sampler's random numbers, is in the store after every answer: with one worker a search
that was stopped anywhere ends as if it had not been.
"""

from __future__ import annotations

import hashlib
import math
import pickle
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from _arsis import InputError

from arsis.sweeps.drive import Executor, Settings, as_space, checked_limits, describe, result_of
from arsis.sweeps.jobs import Job
from arsis.sweeps.progress import Progress
from arsis.sweeps.result import Objective, SweepResult, excess_of, measured, needed
from arsis.sweeps.space import Axis, Space, SpaceError
from arsis.sweeps.store import Store
from arsis.sweeps.values import is_number

if TYPE_CHECKING:
    import optuna

SAMPLERS = ("tpe", "nsga2", "random")
POPULATION = 16  # of a generation of NSGA-II: several generations fit into a hundred evaluations
MOST_REPEATS = 400  # proposals in a row that are known or forbidden: then an unseen point is drawn instead


def make_sampler(name: str, seed: int) -> optuna.samplers.BaseSampler:
    """Raises InputError for a sampler that there is not, MissingPackage without Optuna."""
    if name not in SAMPLERS:
        raise InputError(f"sampler: found '{name}', expected one of {', '.join(SAMPLERS)}")
    samplers = needed("optuna.samplers", "a search")
    made: optuna.samplers.BaseSampler
    if name == "random":
        made = samplers.RandomSampler(seed=seed)
    elif name == "nsga2":
        made = samplers.NSGAIISampler(population_size=POPULATION, seed=seed)
    else:
        made = samplers.TPESampler(seed=seed, multivariate=True, n_startup_trials=20)
    return made


def _distribution(axis: Axis) -> optuna.distributions.BaseDistribution:
    import optuna

    indices = range(len(axis.values))
    if all(is_number(value) for value in axis.values):
        return optuna.distributions.IntDistribution(0, len(indices) - 1)
    return optuna.distributions.CategoricalDistribution(list(indices))


class _Exhausted(Exception):
    """Every point of the space has been seen."""


class _Search:
    """One search: what was seen, and what the sampler is told."""

    def __init__(self, space: Space, goals: list[Objective], settings: Settings, store: Store, number: int) -> None:
        self.space, self.goals, self.store, self.number = space, goals, store, number
        self.make = settings.jobs(space)
        self.retry = settings.retry
        self.axes = [axis for axis in space.axes if len(axis.values) > 1]
        self.distributions = {axis.name: _distribution(axis) for axis in self.axes}
        self.study: optuna.Study
        self.seen: dict[str, None] = {}  # keys of the points that were evaluated, in order
        self.flying: dict[str, optuna.Trial] = {}  # by key: in work

    # The state.

    def begin(self, sampler: str, seed: int) -> None:
        optuna = needed("optuna", "a search")
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        state = self.store.search(self.number)
        if state is None:
            directions = ["minimize"] * len(self.goals)
            self.study = optuna.create_study(directions=directions, sampler=make_sampler(sampler, seed))
        else:
            self.study, self.seen, self.flying = pickle.loads(state)

    def save(self) -> None:
        self.store.set_search(self.number, list(self.seen), pickle.dumps((self.study, self.seen, self.flying)))

    # Proposals.

    def job(self, params: Mapping[str, int]) -> Job | None:
        """Of a choice of indices; None if a constraint forbids it."""
        point = self.space.point(tuple(axis.values[params.get(axis.name, 0)] for axis in self.space.axes))
        return None if point is None else self.make(point)

    def propose(self) -> Job:
        """A point that was not seen: the sampler's, or where it repeats itself, one drawn from all."""
        for _ in range(MOST_REPEATS):
            if (job := self._consider(self.study.ask(self.distributions))) is not None:
                return job
        for params in self._drawn():
            if (job := self.job(params)) is None or job.key in self.seen or job.key in self.flying:
                continue
            self.study.enqueue_trial(params)
            if (job := self._consider(self.study.ask(self.distributions))) is not None:
                return job
        raise _Exhausted

    def _drawn(self) -> Iterator[dict[str, int]]:
        """Every choice, in an order that depends on how much was seen only."""
        sizes = [len(axis.values) for axis in self.axes]
        names = [axis.name for axis in self.axes]
        for each in np.random.default_rng(len(self.seen)).permutation(math.prod(sizes)):
            yield dict(zip(names, map(int, np.unravel_index(each, sizes)), strict=True))

    def _consider(self, trial: optuna.Trial) -> Job | None:
        """The job of a proposal; None where the answer is known, which is told."""
        job = self.job(trial.params)
        if job is None:
            self._tell(trial, None)
        elif job.key in self.seen:
            self._answer(trial, job.key)
        elif job.key in self.flying:
            self._tell(trial, None)
        else:
            self.flying[job.key] = trial
            return job
        return None

    # Answers.

    def known(self, job: Job) -> bool:
        """Whether the store has the row of a proposal."""
        return bool(self.store.known([job.key], self.retry))

    def done(self, job: Job) -> None:
        """The store has the row of a proposal: it is told, and the state is kept."""
        trial = self.flying.pop(job.key)
        self.seen[job.key] = None
        self._answer(trial, job.key)
        self.save()

    def _answer(self, trial: optuna.Trial, key: str) -> None:
        row = measured(self.store.row(key), self.space.measures)
        values = [goal.value(row) for goal in self.goals] if row["status"] == "ok" else [math.nan]
        if any(map(math.isnan, values)):
            self._tell(trial, None)
        else:
            self._tell(trial, values, [excess_of(limit, row) for limit in self.space.limits])

    def _tell(self, trial: optuna.Trial, values: list[float] | None, excess: Sequence[float] = ()) -> None:
        """Without values a point has the worst so far, and misses every limit."""
        if values is None:
            done = [each.values for each in self.study.get_trials(deepcopy=False) if each.values is not None]
            values = np.max(done, axis=0).tolist() if done else [0.0] * len(self.goals)
            excess = [1.0] * len(self.space.limits)
            trial.set_constraint("a result", 1.0)
        else:
            trial.set_constraint("a result", 0.0)
        for number, each in enumerate(excess):
            trial.set_constraint(f"limit {number}", each)
        self.study.tell(trial, values)


def search(
    space: Space | Mapping[str, object] | str | Path,
    *,
    objectives: list[str] | None = None,
    evaluations: int = 100,
    sampler: str = "tpe",
    seed: int = 0,
    store: str | Path | None = None,
    executor: str = "processes",
    address: str | None = None,
    workers: int | None = None,
    time_limit: float | None = None,
    memory_limit: float | None = None,
    measure: str = "",
    reports: bool = False,
    retry: bool = False,
    progress: bool | None = None,
) -> SweepResult:
    """Looks for the points of a space whose objectives are best, and returns the rows that it computed, in order.

    Args:
        space, objectives, store and the others: as for `arsis.sweep`. The space's `constraints` keep points from being
            computed, its `limits` (expressions over columns, as power_mw <= 5000) say which rows count as good.
        evaluations: points to compute; fewer where the space has no more. A search that is run again with more goes on.
        sampler: "tpe" (tree-structured Parzen estimator), "nsga2" or "random", of Optuna.
        seed: of the sampler.

    With one worker the same seed gives the same rows, wherever the search was stopped and run again on the same store
    (which holds a pickle of Optuna's study: go on with stores of your own only).

    Raises: what `arsis.sweep` raises; InputError for an unknown sampler; MissingPackage without Optuna.
    """
    space = as_space(space)
    chosen = objectives if objectives is not None else space.objectives
    if not chosen:
        raise SpaceError("objectives", "a search needs one at least, found none")
    if not isinstance(evaluations, int) or evaluations < 1:
        raise InputError(f"evaluations: found {evaluations!r}, expected a whole number from 1")
    make_sampler(sampler, seed)
    limits = checked_limits(time_limit, memory_limit)
    settings = Settings(executor, address, workers, limits, measure, reports, retry)
    goals = [Objective(text) for text in chosen]
    axes = [[axis.name, [_named(value) for value in axis.values]] for axis in space.axes]
    conditions = [each.text for each in (*space.constraints, *space.limits)]
    about = describe(space, chosen) | {"search": [sampler, seed, axes, conditions, list(space.hold), measure]}
    with Store(store, write=True) as opened:
        number = next(iter(opened.like(about)), None) or opened.begin(about, [])
        one = _Search(space, goals, settings, opened, number)
        one.begin(sampler, seed)
        with Progress(evaluations, min(len(one.seen), evaluations), progress) as bar:
            if len(one.seen) < evaluations:
                with closing(settings.machine()) as machine:
                    _run(one, machine, evaluations, bar)
        rows = [measured(row, space.measures) for row in opened.rows(number)]
    return result_of(space, rows[:evaluations], chosen, opened.path, number)


def _named(value: object) -> str:
    if isinstance(value, bytes) or hasattr(value, "SerializeToString"):
        return hashlib.sha256(value if isinstance(value, bytes) else value.SerializeToString()).hexdigest()
    return str(value)


def _run(one: _Search, machine: Executor, evaluations: int, bar: Progress) -> None:
    """Keeps every worker at work until there are so many evaluations, or no point is left."""
    waiting = [job for trial in one.flying.values() if (job := one.job(trial.params)) is not None]
    exhausted = False
    for job in waiting:
        _submit(one, machine, job, bar)
    answers = machine.outcomes()
    while True:
        while not exhausted and len(one.flying) < machine.workers and len(one.seen) + len(one.flying) < evaluations:
            try:
                _submit(one, machine, one.propose(), bar)
            except _Exhausted:
                exhausted = True
        if not one.flying:
            return
        job, outcome = next(answers)
        one.store.add(job, outcome)
        one.done(job)
        bar.add(outcome.ok)


def _submit(one: _Search, machine: Executor, job: Job, bar: Progress) -> None:
    """To a worker, unless the store has the row."""
    if one.known(job):
        one.done(job)
        bar.add(ok=True)
    else:
        machine.submit([[job]])
