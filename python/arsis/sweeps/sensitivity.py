# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a parameter moves: each one alone from a base point, and its share of the variance over the whole space."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arsis.sweeps.drive import Settings, as_space, checked_limits, compute
from arsis.sweeps.result import Objective, SweepResult, needed
from arsis.sweeps.space import Axis, Point, Space, SpaceError
from arsis.sweeps.store import Store

Choice = tuple[int, ...]
Array = NDArray[np.float64]
ValuesAt = Callable[[list[Choice]], tuple[Array, SweepResult]]
_INDICES = {"first": "S1", "first_error": "S1_conf", "total": "ST", "total_error": "ST_conf"}  # ours and SALib's names


@dataclass
class Sensitivity:
    """One row for each parameter and objective; `points` is what was computed for it."""

    rows: list[dict[str, object]]
    points: SweepResult

    def __str__(self) -> str:
        table = SweepResult([{**row, "status": "ok", "error": None} for row in self.rows], list(self.rows[0]), [])
        return str(table)

    def to_pandas(self) -> Any:
        """A frame of the rows. Raises MissingPackage."""
        return needed("pandas", "a data frame").DataFrame(self.rows)


def sensitivity(
    space: Space | Mapping[str, object] | str | Path,
    *,
    objectives: list[str] | None = None,
    method: str = "one at a time",
    base: Mapping[str, object] | None = None,
    samples: int = 64,
    seed: int = 0,
    store: str | Path | None = None,
    executor: str = "processes",
    address: str | None = None,
    workers: int | None = None,
    time_limit: float | None = None,
    memory_limit: float | None = None,
    measure: str = "",
    retry: bool = False,
    progress: bool | None = None,
) -> Sensitivity:
    """How much each parameter of a space moves each objective. Parameters that are linked move with what they read.

    Args:
        method: "one at a time": every value of one parameter, the others at the base point; each row has the objective
            at the base (`base`), its least and largest value (`low`, `high`) and `swing`, their difference over the
            base's. "sobol": first-order and total indices of Sobol, the share of the objective's variance over the grid
            that a parameter brings alone (`first`) and with all its interactions (`total`), by SALib's estimators
            (Saltelli 2010, Jansen 1999), each with the half width of its 95 % interval by bootstrap (`first_error`,
            `total_error`).
        base: values of the base point by parameter; of those not given, the middle one of the list.
        samples: N of Sobol's sequence, a power of two; (parameters + 2) N points, equal ones computed once.
        seed: of the sequence's scrambling and the bootstrap.

    The others are those of `arsis.sweep`. Raises SpaceError for constraints that a point misses (indices need a whole
    grid), a base that is no point, no objective, or a point that failed.
    """
    space = as_space(space)
    chosen = objectives if objectives is not None else space.objectives
    if not chosen:
        raise SpaceError("objectives", "a sensitivity needs one at least, found none")
    limits = checked_limits(time_limit, memory_limit)
    settings = Settings(executor, address, workers, limits, measure, retry=retry)
    axes = [axis for axis in space.axes if len(axis.values) > 1]
    if not axes:
        raise SpaceError("the space", "has no parameter with several values, nothing can move")

    def values_at(choices: list[Choice]) -> tuple[Array, SweepResult]:
        points = [_point(space, axes, choice) for choice in choices]
        result = compute(space, points, chosen, store, settings, progress)
        if result.failures:
            message = result.failures[0]["message"]
            raise SpaceError("the space", f"a point failed, a sensitivity needs all of them: {message}")
        goals = [Objective(text) for text in chosen]
        return np.array([[goal.sign * goal.value(row) for goal in goals] for row in result]), result

    if method == "one at a time":
        choices, spans = _one_at_a_time(axes, _base(axes, base or {}))
        values, result = values_at(choices)
        return _kept(Sensitivity(_swings(chosen, values, spans), result), method)
    if method == "sobol":
        if samples < 2 or samples & (samples - 1):
            raise ValueError(f"samples: found {samples}, expected a power of two")
        return _kept(_sobol(axes, chosen, samples, seed, values_at), method)
    raise ValueError(f"method: found '{method}', expected 'one at a time' or 'sobol'")


def _kept(found: Sensitivity, method: str) -> Sensitivity:
    """In the store too, for its page."""
    if found.points.store is not None and found.points.sweep is not None:
        with Store(found.points.store, write=True) as opened:
            opened.set_sensitivity(found.points.sweep, method, found.rows)
    return found


def _point(space: Space, axes: list[Axis], choice: Choice) -> Point:
    index = {axis.name: number for axis, number in zip(axes, choice, strict=True)}
    point = space.point(tuple(axis.values[index.get(axis.name, 0)] for axis in space.axes))
    if point is None:
        given = ", ".join(f"{axis.name} = {axis.values[index[axis.name]]}" for axis in axes)
        raise SpaceError("constraints", f"do not hold where {given}; a sensitivity needs every point of the grid")
    return point


def _base(axes: list[Axis], given: Mapping[str, object]) -> Choice:
    for name, value in given.items():
        if not any(axis.name == name and value in axis.values for axis in axes):
            raise SpaceError(f"base: {name}", f"found {value!r}, expected a value of a parameter that varies")
    return tuple(
        axis.values.index(given[axis.name]) if axis.name in given else (len(axis.values) - 1) // 2 for axis in axes
    )


def _one_at_a_time(axes: list[Axis], base: Choice) -> tuple[list[Choice], dict[str, list[int]]]:
    """The base and what differs from it in one parameter; which of them belong to each parameter."""
    choices = [base]
    spans = {}
    for number, axis in enumerate(axes):
        spans[axis.name] = [0]
        for index in range(len(axis.values)):
            if index != base[number]:
                spans[axis.name].append(len(choices))
                choices.append((*base[:number], index, *base[number + 1 :]))
    return choices, spans


def _swings(objectives: list[str], values: Array, spans: dict[str, list[int]]) -> list[dict[str, object]]:
    rows = []
    for column, objective in enumerate(objectives):
        at_base = values[0, column]
        for name, span in spans.items():
            low, high = values[span, column].min(), values[span, column].max()
            swing = (high - low) / abs(at_base) if at_base else float("nan")
            row = {"parameter": name, "objective": objective, "base": at_base, "low": low, "high": high, "swing": swing}
            rows.append({key: float(value) if isinstance(value, np.floating) else value for key, value in row.items()})
    return rows


def _sobol(axes: list[Axis], objectives: list[str], samples: int, seed: int, values_at: ValuesAt) -> Sensitivity:
    needed("SALib", "an index of Sobol")
    from SALib.analyze import sobol as analysis
    from SALib.sample import sobol as sampling

    names = np.array([axis.name for axis in axes], object)  # SALib hands them to pandas, which wants an array
    problem = {"num_vars": len(axes), "names": names, "bounds": [[0.0, 1.0]] * len(axes)}
    drawn = sampling.sample(problem, samples, calc_second_order=False, seed=seed)
    sizes = np.array([len(axis.values) for axis in axes])
    choices = [tuple(map(int, row)) for row in np.minimum((drawn * sizes).astype(int), sizes - 1)]
    distinct = list(dict.fromkeys(choices))
    values, result = values_at(distinct)
    at = {choice: values[number] for number, choice in enumerate(distinct)}
    rows = []
    for column, objective in enumerate(objectives):
        outputs = np.array([at[choice][column] for choice in choices])
        if not outputs.std():  # nothing moves it: no share of nothing
            found = {key: np.zeros(len(axes)) for key in _INDICES.values()}
        else:
            found = analysis.analyze(problem, outputs, calc_second_order=False, seed=seed)
        for number, axis in enumerate(axes):
            indices = {name: float(found[key][number]) for name, key in _INDICES.items()}
            rows.append({"parameter": axis.name, "objective": objective, **indices})
    return Sensitivity(rows, result)
