# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Search against a space known by brute force; stopped and gone on with; constraints and limits."""

import arsis
import numpy as np
import pytest
import sweep_faults
from arsis.sweeps import SpaceError, Store
from arsis.sweeps.pareto import hypervolume
from sweep_stores import numbers
from tiny_model import tiny_model

pytest.importorskip("optuna")
OBJECTIVES = ["time_ns", "energy_pj", "area"]


@pytest.fixture(scope="module")
def space(tmp_path_factory) -> dict:
    """720 points, 36 programs: arrays, memories and clocks against their area."""
    model = str(tiny_model(tmp_path_factory.mktemp("model") / "m.onnx", hidden=32))
    return {
        "model": model,
        "chip": "tiny",
        "train": True,
        "batch": 16,
        "matrix.rows": [2, 4, 8, 16, 32, 64],
        "matrix.cols": [2, 4, 8, 16, 32, 64],
        "dram.bandwidth_gbps": [0.8, 1.6, 3.2, 6.4],
        "clock.core_mhz": [200, 400, 600, 800, 1000],
        "hold": ["dram.*", "clock.*"],
        "let": {"array": "=0.01 * matrix.rows * matrix.cols"},
        "measures": {"area": "array + 2 * dram.bandwidth_gbps + 1e-6 * clock.core_mhz ** 2 * matrix.cols"},
    }


@pytest.fixture(scope="module")
def known(space, tmp_path_factory):
    """A store with every point, and the hypervolume of their front."""
    path = tmp_path_factory.mktemp("store") / "s.sqlite"
    result = arsis.sweep(space, objectives=OBJECTIVES, store=path, progress=False)
    assert len(result) == 720 and not result.failures
    return path, result


def values(rows) -> np.ndarray:
    return np.array([[row[name] for name in OBJECTIVES] for row in rows])


@pytest.fixture(scope="module")
def share(space, known):
    """The share of the front's hypervolume that a search reaches, median over seeds."""
    path, result = known
    reference = 1.1 * values(result).max(axis=0)
    whole = hypervolume(values(result.pareto()), reference)

    def measured(sampler: str) -> float:
        found = []
        for seed in range(10):
            rows = arsis.search(space, objectives=OBJECTIVES, sampler=sampler, seed=seed, store=path, workers=1,
                                evaluations=144, progress=False)  # fmt: skip
            assert len({row["key"] for row in rows}) == 144
            found.append(hypervolume(values(rows.pareto()), reference) / whole)
        return float(np.median(found))

    return measured


@pytest.fixture(scope="module")
def random_share(share) -> float:
    return share("random")


@pytest.mark.parametrize("sampler", ["tpe", "nsga2"])
def test_a_fifth_of_the_points_comes_near_the_front(sampler, share, random_share) -> None:
    """TPE, which is the default, also beats random points; three generations of NSGA-II need not."""
    reached = share(sampler)
    assert reached >= 0.99
    if sampler == "tpe":
        assert reached > random_share


@pytest.mark.parametrize("sampler", ["tpe", "nsga2", "random"])
def test_stopped_at_any_moment_it_ends_the_same(sampler, space, tmp_path, monkeypatch) -> None:
    given = space | {"matrix.rows": [2, 4], "matrix.cols": [2, 4], "precision": ["fp32", "bf16"]}
    settings = {"objectives": OBJECTIVES, "sampler": sampler, "seed": 3, "workers": 1, "progress": False}
    whole = arsis.search(given, evaluations=40, store=tmp_path / "whole", **settings)
    add = Store.add
    calls = []

    def stop(self, job, outcome):
        calls.append(job.key)
        if len(calls) in (8, 31):
            raise InterruptedError
        return add(self, job, outcome)

    monkeypatch.setattr(Store, "add", stop)
    for evaluations in (20, 40):
        with pytest.raises(InterruptedError):
            arsis.search(given, evaluations=evaluations, store=tmp_path / "parts", **settings)
        arsis.search(given, evaluations=evaluations, store=tmp_path / "parts", **settings)
    assert len(calls) == 42
    parts = arsis.search(given, evaluations=40, store=tmp_path / "parts", **settings)
    assert numbers(parts) == numbers(whole) and len(calls) == 42


def test_several_workers(space) -> None:
    found = arsis.search(space, objectives=OBJECTIVES, evaluations=30, workers=2, progress=False)
    assert len({row["key"] for row in found}) == 30 and found.pareto()


def test_constraints_are_never_computed_and_limits_are_kept(space, known) -> None:
    fits = [row for row in known[1] if row["matrix.rows"] * row["matrix.cols"] <= 256]
    power = sorted(row["power_mw"] for row in fits)[len(fits) // 3]  # two thirds of the points are beyond it
    limited = {"constraints": "matrix.rows * matrix.cols <= 256", "limits": [f"power_mw <= {power}", "area < 40"]}
    settings = {"objectives": ["time_ns"], "evaluations": 60, "workers": 1, "progress": False, "store": known[0]}
    found = arsis.search(space | limited, **settings)
    assert len(found) == 60 and all(row["matrix.rows"] * row["matrix.cols"] <= 256 for row in found)
    assert found.good and all(row["power_mw"] <= power and row["area"] < 40 for row in found.good)
    best = min(row["time_ns"] for row in fits if row["power_mw"] <= power and row["area"] < 40)
    assert found.best()["time_ns"] <= 1.05 * best


def test_points_that_fail_are_rows_and_the_search_goes_on(space) -> None:
    given = space | {"matrix.rows": [2, 4], "matrix.cols": [2, 4], "batch": [1, 3, 6, 9]}
    measure = f"{sweep_faults.__file__}:fault"
    found = arsis.search(given, objectives=["time_ns"], evaluations=40, measure=measure, workers=2, progress=False)
    assert {row["error"] for row in found} >= {None, "Crash"} and len(found) == 40
    assert len(found.good) > 15


def test_a_space_that_is_smaller_than_the_search(space) -> None:
    given = space | {
        "matrix.rows": [2, 4, 8],
        "matrix.cols": 4,
        "dram.bandwidth_gbps": [0.8, 1.6],
        "clock.core_mhz": 200,
    }
    given |= {"constraints": "matrix.rows > 2 or dram.bandwidth_gbps < 1"}
    found = arsis.search(given, objectives=["time_ns"], evaluations=100, progress=False)
    assert len({row["key"] for row in found}) == len(found) == 5


@pytest.mark.parametrize(
    "settings,problem",
    [
        ({"sampler": "genetic"}, "sampler: found 'genetic', expected one of tpe, nsga2, random"),
        ({"evaluations": 0}, "evaluations: found 0, expected a whole number from 1"),
        ({"objectives": []}, "space: objectives: a search needs one at least, found none"),
        ({"objectives": ["speed"]}, "reads speed, which is no column"),
    ],
)
def test_wrong_searches(space, settings, problem) -> None:
    with pytest.raises(ValueError) as error:
        arsis.search(space, **{"objectives": ["time_ns"], "evaluations": 3, "progress": False} | settings)
    assert problem in str(error.value)


def test_a_limit_on_what_is_no_column(space) -> None:
    with pytest.raises(SpaceError, match="reads speed, which is no column"):
        arsis.search(space | {"limits": "speed > 1"}, objectives=["time_ns"], evaluations=3, progress=False)
