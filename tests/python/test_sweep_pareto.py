# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Fronts and hypervolumes against their definitions."""

import itertools

import numpy as np
import pytest
from arsis.sweeps.pareto import hypervolume, nondominated
from arsis.sweeps.result import SweepResult


@pytest.mark.parametrize("objectives", [1, 2, 3, 5])
@pytest.mark.parametrize("seed", range(5))
def test_front(objectives: int, seed: int) -> None:
    values = np.random.default_rng(seed).integers(0, 6, (60, objectives)).astype(float)  # with many equal ones
    beaten = [any(np.all(v <= w) and np.any(v < w) for v in values) for w in values]
    assert list(nondominated(values)) == [not each for each in beaten]


@pytest.mark.parametrize("objectives", [1, 2, 3, 4])
@pytest.mark.parametrize("seed", range(5))
def test_hypervolume_counts_the_cells_of_a_grid(objectives: int, seed: int) -> None:
    values = np.random.default_rng(seed).integers(0, 7, (8, objectives)).astype(float)
    reference = np.full(objectives, 5.0)
    cells = itertools.product(range(5), repeat=objectives)
    covered = sum(any(np.all(value <= cell) for value in values) for cell in cells)
    assert hypervolume(values, reference) == covered


def test_nothing_covers_nothing() -> None:
    assert hypervolume(np.empty((0, 2)), np.ones(2)) == 0.0
    assert not len(nondominated(np.empty((0, 3))))


def row(status: str = "ok", **columns: float) -> dict:
    return {"status": status, "error": None if status == "ok" else "Crash", "message": None, **columns}


ROWS = [row(a=1, b=4), row(a=2, b=2), row(a=3, b=3), row("error", a=None, b=None), row(a=4, b=1), row(a=5, b=None)]


def test_front_of_a_result() -> None:
    result = SweepResult(ROWS, ["a"], ["a", "b"])
    assert [found["a"] for found in result.pareto()] == [1, 2, 4]
    assert [found["a"] for found in result.pareto(["a", "max: b"])] == [1]
    assert result.pareto(["a * b"]) == [ROWS[0], ROWS[1], ROWS[4]]
    assert result.best()["a"] == 1 and result.best("max: a")["a"] == 5 and result.best("b")["a"] == 4
    assert result.failures == [ROWS[3]]


@pytest.mark.parametrize(
    "call,problem",
    [
        (lambda result: result.pareto([]), "needs objectives, found none"),
        (lambda result: result.pareto(["c"]), "reads c, which is no column; expected one of a, b"),
        (lambda result: result.best("log2(0 - a)"), "no row has a value of log2"),
        (lambda result: SweepResult([], [], []).best(), "needs an objective, found none"),
    ],
)
def test_wrong_questions(call, problem: str) -> None:
    with pytest.raises(ValueError) as error:
        call(SweepResult(ROWS, ["a"], []))
    assert problem in str(error.value)


def test_the_table_shows_what_varies_and_the_front() -> None:
    assert str(SweepResult(ROWS, ["a"], ["max: b"])).splitlines() == [
        "a  b",
        "1  4  *",
        "2  2",
        "3  3",
        "-  -  Crash",
        "4  1",
        "5  -",
    ]
