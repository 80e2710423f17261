# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What each parameter moves, read from rows that are there: points that differ in this parameter alone form a line."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from arsis.sweeps.result import Objective, SweepResult
from arsis.sweeps.store import Row
from arsis.sweeps.values import is_number


@dataclass(frozen=True)
class Effect:
    """Swings are the difference of the largest and the least value on a line over the value in the line's middle."""

    parameter: str
    lines: int  # with two values of the parameter or more
    swing: float  # median over the lines
    least: float
    most: float


def ordered(values: Iterable[Any]) -> list[Any]:
    """Each value once: numbers by size, others as they first appear."""
    distinct = list(dict.fromkeys(values))
    return sorted(distinct) if all(is_number(value) for value in distinct) else distinct


def place(row: Row, columns: Sequence[str]) -> tuple[object, ...]:
    return tuple(row.get(name) for name in columns)


def ordered_places(rows: Iterable[Row], columns: Sequence[str]) -> list[tuple[object, ...]]:
    """What the rows have in columns that go together, each once: in order, as `ordered` has it."""
    places = [place(row, columns) for row in rows]
    if len(columns) == 1:
        return [(value,) for value in ordered(at[0] for at in places)]
    return list(dict.fromkeys(places))


def with_value(rows: Iterable[Row], objective: Objective) -> list[tuple[Row, float]]:
    """The rows that have the objective, each with it as a person reads it: not negated where it is maximised."""
    found = [(row, objective.sign * objective.value(row)) for row in rows if row["status"] == "ok"]
    return [(row, value) for row, value in found if not math.isnan(value)]


def lines(result: SweepResult, axis: str, objective: Objective) -> list[list[float]]:
    """Values of the objective on every line along an axis, in the order of the axis."""
    others = [column for name, columns in result.axes.items() if name != axis for column in columns]
    columns = result.axes[axis]
    positions = {at: number for number, at in enumerate(ordered_places(result.rows, columns))}
    found: dict[tuple[object, ...], dict[int, float]] = {}
    for row, value in with_value(result.rows, objective):
        found.setdefault(place(row, others), {})[positions[place(row, columns)]] = value
    return [[line[position] for position in sorted(line)] for line in found.values() if len(line) > 1]


def effects(result: SweepResult, objective: Objective) -> list[Effect]:
    """Of every parameter along which there is a line, in the order of the space."""
    found = []
    for axis in result.axes:
        swings = []
        for line in lines(result, axis, objective):
            middle = line[(len(line) - 1) // 2]
            if middle:
                swings.append((max(line) - min(line)) / abs(middle))
        if swings:
            found.append(Effect(axis, len(swings), statistics.median(swings), min(swings), max(swings)))
    return found
