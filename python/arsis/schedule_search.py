# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Search for the schedules of one layer with the simulated chip as judge, where the compiler trusts its estimate.

Candidates come from the compiler: one decision of a schedule is pinned to another value, and the rest is either kept or
chosen anew. They wait in the order of their estimates; each in turn is compiled into the whole step, which is run.
Whatever runs faster than the best so far sends its own neighbours to the queue. All else in the step stays as it is.
"""

from __future__ import annotations

import fnmatch
import hashlib
import heapq
import json
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import _arsis
from _arsis import Infeasible, InputError

from arsis.chip import ChipLike, resolve
from arsis.compiling import native_options
from arsis.models import Model, ModelLike
from arsis.scheduling import Schedule, Schedules, SchedulesLike, from_native
from arsis.session import Session

if TYPE_CHECKING:
    import pandas

MOST_PRINTED = 12
PINS = (1, 2, 4, 8, 16)  # values that a field is pinned to with the rest left open, besides multiples of its own
SLOTS = (1, 2, 3)
IMPORTS = ("dims", "tie", "untie", "freeze")


@dataclass(frozen=True)
class Trial:
    """One schedule that was run. Cycles are of the core clock."""

    key: str  # layer/phase/op
    schedule: Schedule  # `estimate` is what the compiler expected of the operation
    layer_cycles: int  # that the report gives to the layer in this phase
    step_cycles: int  # of the whole step, which is what counts: neighbours overlap


@dataclass(frozen=True)
class ScheduleSearch:
    """What a search found. `schedules` holds the whole step, for `compile(..., schedules=...)`."""

    schedules: Schedules
    keys: list[str]  # operations that were searched
    trials: list[Trial]  # in the order of their runs, of each operation the compiler's own choice first
    cycles_before: int  # of the step with the compiler's choices
    cycles: int  # of the step with `schedules`

    @property
    def best(self) -> Schedules:
        """The schedules of the operations that were searched."""
        return self.schedules.only(*self.keys)

    def to_pandas(self) -> pandas.DataFrame:
        """One row per trial: estimated and simulated cycles, strategy, loops and every field."""
        from arsis.tables import frame

        return frame([self._row(trial) for trial in self.trials])

    @staticmethod
    def _row(trial: Trial) -> dict[str, Any]:
        schedule, estimate = trial.schedule, trial.schedule.estimate
        row: dict[str, Any] = {"key": trial.key, "estimated_cycles": estimate.cycles if estimate else None}
        row |= {"layer_cycles": trial.layer_cycles, "step_cycles": trial.step_cycles}
        row |= {"strategy": schedule.strategy, "loops": " ".join(schedule.loops)}
        return row | dict(schedule.fields)

    def __str__(self) -> str:
        """The best trials of every operation, the compiler's choice marked."""
        lines = []
        for key in self.keys:
            of = [trial for trial in self.trials if trial.key == key]
            lines += [key, f"{'estimate':>12s} {'layer':>12s} {'step':>14s}    schedule"]
            ranked = sorted(of, key=lambda trial: trial.step_cycles)
            shown = ranked[:MOST_PRINTED] + [of[0]] * (of[0] not in ranked[:MOST_PRINTED])
            for trial in shown:
                estimate = trial.schedule.estimate
                expected = f"{estimate.cycles:,.0f}" if estimate else "-"
                text = " ".join(f"{name}={value}" for name, value in trial.schedule.fields.items())
                mark = "*" if trial is of[0] else " "
                lines.append(f"{expected:>12s} {trial.layer_cycles:12,} {trial.step_cycles:14,}  {mark} {text}")
        gained = self.cycles_before - self.cycles
        lines.append(
            f"the step: {self.cycles_before:,} -> {self.cycles:,} cycles, {gained / self.cycles_before:.2%} fewer"
        )
        return "\n".join([*lines, "* the compiler's choice"])


def _text(schedule: Schedule) -> str:
    return json.dumps(schedule.as_json(), sort_keys=True)


class _Judge:
    """Prices and runs schedules of one step."""

    def __init__(self, model: Model, chip: str, overrides: Mapping[str, str], options: dict[str, Any]) -> None:
        self.chip, self.overrides = chip, dict(overrides)
        imports = {name: options[name] for name in ("batch", "random_weights") if options.get(name) is not None}
        imports |= {name: type_(options[name]) for name, type_ in zip(IMPORTS, (dict, list, list, list), strict=True)
                    if options.get(name)}  # fmt: skip
        train = bool(options.get("train", False))
        self.imported = _arsis.ImportedModel(model.source, train=train, **imports)
        rest = {name: value for name, value in options.items() if name not in imports and name not in IMPORTS}
        self.options = native_options({name: value for name, value in rest.items() if value is not None}, None)

    def chosen(self, held: SchedulesLike | None) -> Schedules:
        options = native_options(self.options, held)
        return from_native(*self.imported.schedules(self.chip, overrides=self.overrides, **options))

    def priced(self, step: Schedules, key: str, wanted: Schedule) -> Schedule | None:
        """A schedule with what it leaves open and its estimate; None where nothing of the kind is feasible."""
        try:
            return self.chosen(step.with_(key, wanted)).get(key)
        except Infeasible:
            return None

    def program(self, step: Schedules) -> _arsis.Program:
        options = {**self.options, "mapping_text": step.to_json()}
        return self.imported.compile(self.chip, overrides=self.overrides, **options)

    def run(self, program: _arsis.Program, key: str) -> tuple[int, int]:
        """Cycles of the layer in its phase, and of the step."""
        report = Session(program, self.chip, self.overrides, verify=False).run("timing")
        layer, phase, _ = key.rsplit("/", 2)
        rows = [row for row in report.layers if (row.layer, row.phase) == (layer, phase)]
        return sum(row.cycles for row in rows), report.cycles


def _values(name: str, value: int, pins: tuple[int, ...] = ()) -> list[int]:
    """Other values of a field: the next ones, half and double, and `pins`."""
    group = name.partition(".")[0]
    if group == "resident":
        return [1 - value] if value in (0, 1) else []
    near = set(SLOTS) if group == "slots" else {value - 1, value + 1, value // 2, value * 2, *pins}
    return sorted(other for other in near if other > 0 and other != value)


def _orders(loops: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Neighbouring loops exchanged."""
    for place in range(len(loops) - 1):
        yield (*loops[:place], loops[place + 1], loops[place], *loops[place + 2 :])


def _changed(schedule: Schedule) -> Iterator[Schedule]:
    """Schedules with one decision changed: once with the others as they are, once with them left to the compiler."""
    for name, value in schedule.fields.items():
        for other in _values(name, value):
            yield schedule.with_(**{name: other})
        for other in _values(name, value, PINS):
            yield Schedule(schedule.strategy, (), {name: other})
    for order in _orders(schedule.loops):
        yield replace(schedule, loops=order, estimate=None)
        yield Schedule(schedule.strategy, order, {})


class _Queue:
    """Schedules of one operation that wait to be run, the least estimate first; each enters once."""

    def __init__(self, judge: _Judge, key: str) -> None:
        self.judge, self.key = judge, key
        self._asked: set[str] = set()
        self._entered: set[str] = set()
        self._waiting: list[tuple[float, int, Schedule]] = []

    def enter(self, schedule: Schedule) -> None:
        text = _text(schedule)
        if text not in self._entered:
            self._entered.add(text)
            expected = schedule.estimate.cycles if schedule.estimate else 0.0
            heapq.heappush(self._waiting, (expected, len(self._entered), schedule))

    def around(self, step: Schedules, schedule: Schedule) -> None:
        """Its neighbours, priced."""
        for wanted in _changed(schedule):
            text = _text(wanted)
            if text not in self._asked and text not in self._entered:
                self._asked.add(text)
                found = self.judge.priced(step, self.key, wanted)
                if found is not None:
                    self.enter(found)

    def next(self) -> Schedule | None:
        return heapq.heappop(self._waiting)[2] if self._waiting else None


def _digest(program: _arsis.Program) -> bytes:
    """Of what the chip executes, without the module for the reference, in which schedules stand as given."""
    lines = (line for line in program.disassemble().splitlines() if not line.startswith("|"))
    return hashlib.sha256("\n".join(lines).encode()).digest()


def _search(judge: _Judge, step: Schedules, key: str, evaluations: int) -> tuple[Schedules, list[Trial]]:
    """The step with the best schedule of one operation, and what was run."""
    queue = _Queue(judge, key)
    programs: set[bytes] = set()
    trials: list[Trial] = []
    best = step
    schedule: Schedule | None = step[key]
    while schedule is not None and len(trials) < evaluations:
        candidate = step.with_(key, schedule)
        program = judge.program(candidate)
        digest = _digest(program)
        if digest not in programs:  # fields beyond an extent make the same program
            programs.add(digest)
            trials.append(Trial(key, schedule, *judge.run(program, key)))
            if trials[-1].step_cycles < min((each.step_cycles for each in trials[:-1]), default=2**63):
                best = candidate
                queue.around(step, schedule)
        schedule = queue.next()
    return best, trials


def search_schedule(
    model: ModelLike,
    chip: ChipLike,
    *,
    layer: str,
    phase: str = "*",
    op: str = "*",
    evaluations: int = 200,
    overrides: Mapping[str, object] | None = None,
    schedules: SchedulesLike | None = None,
    **compilation: Any,
) -> ScheduleSearch:
    """Looks for schedules of a layer that make the whole step faster than those which the compiler would choose.

    Args:
        model, chip, overrides: as for `compile`.
        layer, phase, op: patterns as the shell has them, of the operations to search ("layer3.*", "fwd", "conv2d*").
            Several are searched one after the other, in the order of their keys, with what was found before.
        evaluations: steps to run, shared by the operations: fewer where a search knows no further candidate.
        schedules: those that hold for the other operations, and that the search begins with.
        compilation: the other arguments of `compile` (batch, train, optimizer, precision, ...).

    The same arguments give the same result. The judge is the time of the step, since layers overlap; values stay what
    the plan of the schedule makes them (another order of sums is another rounding).

    Raises InputError where no operation matches, and what `compile` raises.

    >>> found = arsis.search_schedule("lenet5", "edge", layer="conv2", phase="fwd", evaluations=3, batch=4, train=True)
    >>> found.cycles <= found.cycles_before, len(found.trials)
    (True, 3)
    >>> program = arsis.compile("lenet5", "edge", batch=4, train=True, schedules=found.schedules)
    >>> arsis.simulate(program, "edge").cycles == found.cycles
    True
    """
    if not isinstance(evaluations, int) or evaluations < 1:
        raise InputError(f"evaluations: found {evaluations!r}, expected a whole number from 1")
    name, changed = resolve(chip, overrides)
    judge = _Judge(Model(model), name, changed, compilation)
    step = judge.chosen(schedules)
    pattern = f"{layer}/{phase}/{op}"
    keys = sorted(key for key in step if fnmatch.fnmatchcase(key, pattern))
    if not keys:
        near = ", ".join(sorted({key.rsplit("/", 2)[0] for key in step})[:6])
        raise InputError(f"layer: found no operation that matches '{pattern}', expected one of layers as {near}")
    trials: list[Trial] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # said once already
        for number, key in enumerate(keys):
            share = (evaluations - len(trials)) // (len(keys) - number)
            step, made = _search(judge, step, key, max(share, 1))
            trials += made
    before, after = trials[0].step_cycles, min(trial.step_cycles for trial in trials)
    return ScheduleSearch(step, keys, trials, before, after)
