# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sensitivities against their definitions, on the whole grid."""

import itertools

import arsis
import numpy as np
import pytest
from arsis.sweeps import SpaceError
from tiny_model import tiny_model

pytest.importorskip("SALib")
AXES = {"matrix.rows": [2, 4, 8, 16], "dram.bandwidth_gbps": [0.4, 0.8, 1.6, 3.2], "energy.static_mw": [1, 2, 4, 8]}
OBJECTIVES = ["time_ns", "energy_pj"]


@pytest.fixture(scope="module")
def space(tmp_path_factory) -> dict:
    model = str(tiny_model(tmp_path_factory.mktemp("model") / "m.onnx", hidden=32))
    return {"model": model, "chip": "tiny", "train": True, "batch": 16, "hold": "dram.*", **AXES}


@pytest.fixture(scope="module")
def grid(space) -> np.ndarray:
    """Objectives by the index of each parameter."""
    rows = arsis.sweep(space, progress=False).rows
    return np.array([[row[name] for name in OBJECTIVES] for row in rows]).reshape(4, 4, 4, 2)


def test_one_at_a_time(space, grid) -> None:
    base = {"matrix.rows": 8}  # of the others, the second of four
    found = arsis.sensitivity(space, objectives=OBJECTIVES, base=base, progress=False)
    assert len(found.points) == 1 + 3 * 3 and len(found.rows) == 6
    for row in found.rows:
        axis, column = list(AXES).index(row["parameter"]), OBJECTIVES.index(row["objective"])
        line = np.moveaxis(grid[..., column], axis, 0)[(slice(None), *(tuple(np.delete([2, 1, 1], axis))))]
        assert row["base"] == grid[2, 1, 1, column]
        assert (row["low"], row["high"]) == (line.min(), line.max())
        assert row["swing"] == pytest.approx((line.max() - line.min()) / grid[2, 1, 1, column])
    swings = {row["parameter"]: row["swing"] for row in found.rows if row["objective"] == "time_ns"}
    assert swings["energy.static_mw"] == 0 < swings["matrix.rows"]
    assert str(found).splitlines()[0].split() == ["parameter", "objective", "base", "low", "high", "swing"]


def exact_indices(values: np.ndarray) -> tuple[list[float], list[float]]:
    """First-order and total indices of a function on a grid, from the variances of its conditional means."""
    axes = range(values.ndim)
    first = [values.mean(axis=tuple(set(axes) - {axis})).var() / values.var() for axis in axes]
    total = [1 - values.mean(axis=axis).var() / values.var() for axis in axes]
    return first, total


def test_indices_of_sobol(space, grid) -> None:
    found = arsis.sensitivity(space, objectives=OBJECTIVES, method="sobol", samples=1024, seed=1, progress=False)
    assert len(found.points) == 64  # of 5,120 draws
    for column, objective in enumerate(OBJECTIVES):
        rows = [row for row in found.rows if row["objective"] == objective]
        assert [row["parameter"] for row in rows] == list(AXES)
        first, total = exact_indices(grid[..., column])
        for row, expected_first, expected_total in zip(rows, first, total, strict=True):
            assert row["first"] == pytest.approx(expected_first, abs=2 * row["first_error"] + 0.01)
            assert row["total"] == pytest.approx(expected_total, abs=2 * row["total_error"] + 0.01)
            assert row["first_error"] < 0.15


def test_exact_indices_of_a_known_function() -> None:
    x = np.arange(4.0)
    values = np.array([a + 2 * b + 0 * c for a, b, c in itertools.product(x, x, x)]).reshape(4, 4, 4)
    for indices in exact_indices(values):
        assert indices == pytest.approx([0.2, 0.8, 0])


@pytest.mark.parametrize(
    "changes,settings,problem",
    [
        ({}, {"method": "morris"}, "method: found 'morris', expected 'one at a time' or 'sobol'"),
        ({}, {"method": "sobol", "samples": 100}, "samples: found 100, expected a power of two"),
        ({}, {"base": {"matrix.rows": 3}}, "base: matrix.rows: found 3, expected a value"),
        ({}, {"objectives": []}, "a sensitivity needs one at least"),
        ({"constraints": "matrix.rows < 16"}, {}, "do not hold where matrix.rows = 16"),
        ({"dram.bandwidth_gbps": [0, 1]}, {}, "a point failed, a sensitivity needs all of them"),
        (dict.fromkeys(AXES, 8), {}, "has no parameter with several values"),
    ],
)
def test_wrong_questions(space, changes, settings, problem) -> None:
    with pytest.raises((SpaceError, ValueError)) as error:
        arsis.sensitivity(space | changes, **{"objectives": ["time_ns"], "progress": False} | settings)
    assert problem in str(error.value)
